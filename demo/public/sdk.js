/** The SDK itself, once its script has run; rejects when the script does not come. */
export const sdk = new Promise((resolve, reject) => {
  const isHere = () => typeof window.cioanalytics?.stats === 'function';
  const settle = () =>
    isHere() ? resolve(window.cioanalytics) : reject(new Error('The SDK could not be loaded'));
  // It may have come, or failed to come, before this module ran; the page's own load waits for it either way.
  if (isHere() || document.readyState === 'complete') return settle();
  document.querySelector('script[data-client-key]').addEventListener('load', settle);
  window.addEventListener('load', settle);
});
