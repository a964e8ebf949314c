/** The pages that every site of the tests has. */

export interface SitePage {
  readonly body: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The delay of the server's response, in milliseconds. */
  readonly delayMs?: number;
}

export const page = (title: string, content: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title></head><body>${content}</body></html>`;

/** A page without the SDK. */
export const BLANK_PAGE: SitePage = { body: page('Blank', '<h1>Blank</h1>') };

/** A page with the npm build as a module; its options come from `window.sdkOptions`. */
export const MODULE_PAGE: SitePage = {
  body: page('Shop', '<h1>Shop</h1><a href="/next">Next</a><script type="module" src="/app.js"></script>'),
};

export const MODULE = `
import { createAnalytics } from '/dist/index.js';
window.createAnalytics = createAnalytics;
window.told = [];
const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web', ...window.sdkOptions });
for (const name of ['stored', 'delivered', 'retrying', 'dropped', 'blocked', 'consent', 'identity', 'error']) {
  analytics.on(name, (payload) => window.told.push({ ...payload, code: payload.code, message: payload.message, name, at: Date.now() }));
}
window.analytics = analytics;
`;

/** A stub that queues calls in the same way as Customer.io's own snippet. */
export const STUB = `
var q = (window.cioanalytics = window.cioanalytics || []);
['track', 'page', 'screen', 'identify', 'group', 'alias', 'reset', 'on', 'ready', 'setAnonymousId'].forEach(function (name) {
  q[name] = function () { q.push([name].concat(Array.prototype.slice.call(arguments))); };
});`;

/**
 * A page with the classic script, behind a stub. `attributes`: more attributes of the script tag; `before`:
 * code that runs while only the stub is there.
 */
export const tagPage = (attributes = '', before = '', title = 'Tag'): SitePage => ({
  body: page(
    title,
    `<h1>Tag</h1><script>${STUB}${before}</script>
     <script async src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web" ${attributes}></script>`,
  ),
});
