/** The page of a test site for people who sign in: its token provider calls the site's own login. */
import { page, type SitePage } from './site-pages.ts';

export const MEMBERS_PAGE: SitePage = {
  body: page('Members', '<h1>Members</h1><script type="module" src="/members.js"></script>'),
};

/**
 * The page reads `window.sdkOptions`, as every page does, and `window.tokenLimits`, the options next to the
 * token provider; `null` means that the page has no token provider.
 */
export const MEMBERS = `
import { createAnalytics } from '/dist/index.js';
window.told = [];
window.inboxes = [];
window.asking = 0;
window.login = async ({ signal, ...asked }) => {
  const response = await fetch('/login', { method: 'POST', body: JSON.stringify(asked), signal });
  if (!response.ok) throw new Error('The login answered ' + response.status);
  const { token } = await response.json();
  return token && window.expiresIn ? { token, expiresIn: window.expiresIn } : token;
};
const count = (given) => {
  window.asking++;
  return window.login(given).finally(() => window.asking--);
};
const provider = window.tokenLimits === null ? {} : { customerToken: { provider: count, ...window.tokenLimits } };
const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web', ...provider, ...window.sdkOptions });
for (const name of ['error', 'token', 'identity']) {
  analytics.on(name, (payload) => window.told.push({ ...payload, code: payload.code, message: payload.message, name, at: Date.now() }));
}
window.outcome = (promise) => promise.then((value) => ({ value }), (cause) => ({ code: cause.code ?? cause.name }));
window.listen = () => analytics.inbox.onChange((messages) => window.inboxes.push(messages.map(({ id }) => id)));
window.analytics = analytics;
`;
