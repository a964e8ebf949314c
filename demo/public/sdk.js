/** The SDK itself, once its script has run; rejects when the script does not come. */
import { readAccount } from './account.js';
import { customerToken } from './customer-token.js';

const { inbox, anonymousMessages } = document.body.dataset;

/** Messages in the page: for visitors too, where the proxy allows it. */
const inApp = {
  anonymous: anonymousMessages !== undefined,
  colorScheme: 'auto',
  // What asks visitors to sign in is not for those who have.
  canShow: ({ properties }) => properties.audience !== 'visitors' || readAccount() === null,
};

// A function, such as a token provider, fits into no attribute of the tag: so the page makes the SDK itself. Where the
// script has not come yet, the stub hands this on.
const made = window.cioanalytics.createAnalytics({
  proxyUrl: '/e',
  clientKey: 'demo-shop-web',
  customerToken,
  ...(inbox !== undefined && { inApp }),
});

const missing = new Promise((_, reject) => {
  // What is a list then has remained the stub: the page's own load waits for the script, whether it comes or not.
  const settle = () => Array.isArray(window.cioanalytics) && reject(new Error('The SDK could not be loaded'));
  if (document.readyState === 'complete') settle();
  window.addEventListener('load', settle);
});

export const sdk = Promise.race([made, missing]);
