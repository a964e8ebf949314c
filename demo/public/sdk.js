/** The SDK itself, once its script has run; rejects when the script does not come. */
import { customerToken } from './customer-token.js';

export const sdk = new Promise((resolve, reject) => {
  const isHere = () => typeof window.cioanalytics?.createAnalytics === 'function';
  const settle = () => (isHere() ? resolve(begin()) : reject(new Error('The SDK could not be loaded')));
  // It may have come, or failed to come, before this module ran; the page's own load waits for it either way.
  if (isHere() || document.readyState === 'complete') return settle();
  document.querySelector('script[src="/e/cio.js"]').addEventListener('load', settle);
  window.addEventListener('load', settle);
});

/** A function, such as a token provider, fits into no attribute of the tag: so the page makes the SDK itself. */
function begin() {
  const waiting = window.cioanalytics;
  const analytics = waiting.createAnalytics({ proxyUrl: '/e', clientKey: 'demo-shop-web', customerToken });
  if (waiting === analytics) return analytics;
  window.cioanalytics = Object.assign(analytics, { createAnalytics: waiting.createAnalytics });
  for (const [method, ...args] of waiting) analytics[method](...args);
  return analytics;
}
