/** Pages of a test site that report their errors: the same source for all engines. */
import type { AnalyticsOptions } from '../../src/index.ts';
import type { OfficialSetup } from '../support/official/official-page.ts';
import { messagePage, messagePages } from '../support/site/message-pages.ts';
import { page, type SitePage } from '../support/site/site-pages.ts';

export interface PageOptions {
  readonly sdk?: Partial<AnalyticsOptions>;
  /** A classic script that runs before all code of the SDK. */
  readonly before?: string;
  /** A classic script behind the script tag of the SDK, which may not have run yet. */
  readonly after?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly title?: string;
  /** More content of the document's head. */
  readonly head?: string;
  /** More content of the document's body, before the scripts. */
  readonly content?: string;
}

/**
 * Reports every uncaught error, console error and violation of the page's policy to the site's server, as
 * `POST /harm?…`: the report stays when the page is gone.
 */
const HARM = `
{
  const tell = (what) => navigator.sendBeacon('/harm?' + encodeURIComponent(what));
  addEventListener('error', ({ message, error }) => tell('error ' + message + (error?.stack ?? '')));
  addEventListener('unhandledrejection', ({ reason }) => tell('rejection ' + (reason?.stack ?? reason)));
  addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
    tell('violation ' + effectiveDirective + ' ' + blockedURI));
  const { error } = console;
  console.error = (...args) => { tell('console ' + args.join(' ')); error.apply(console, args); };
}`;

/** A page with the script tag. `window.analytics` is the instance, as soon as it exists. */
export const tagPage = ({
  proxyUrl = '/e',
  attributes = '',
}: { proxyUrl?: string; attributes?: string } = {}): SitePage => ({
  body: page(
    'Tag',
    `<h1>Tag</h1><script>${HARM}
      Object.defineProperty(window, 'analytics', { get: () => window.cioanalytics?.stats && window.cioanalytics });</script>
     <script async src="${proxyUrl}/cio.js" data-proxy-url="${proxyUrl}" data-client-key="client-api-key-web" ${attributes}></script>`,
  ),
});

/** A page for people who sign in: its token provider calls the site's own login. */
export const memberPage = ({ before = '' }: Pick<PageOptions, 'before'> = {}): SitePage => ({
  body: page(
    'Members',
    `<h1>Members</h1><script>${HARM}${before}</script><script type="module" src="/members.js"></script>`,
  ),
});

/** The path of a page that shows in-app messages under the strictest policy. */
export const MESSAGES_PATH = '/messages';

/** This page and its scripts: the policy allows no inline script. */
export const strictMessagePages = (): Readonly<Record<string, SitePage>> => ({
  ...messagePages(MESSAGES_PATH, '/cart'),
  [MESSAGES_PATH]: messagePage('<script src="/before.js"></script>'),
  '/before.js': {
    body: `${HARM}window.sdkOptions = { inApp: true };`,
    headers: { 'Content-Type': 'text/javascript' },
  },
});

/** A page with Customer.io's own SDK, and our plugin. `before`: a classic script that runs before both. */
export const officialPage = (setup: OfficialSetup, before = ''): SitePage => ({
  body: page(
    'Official',
    `<h1>Official</h1><script>${HARM}window.officialSetup = ${JSON.stringify(setup)};${before}</script>
     <script type="module" src="/app/official.js"></script>`,
  ),
});

/** A page with the npm build as a module. */
export function modulePage({
  sdk = {},
  before = '',
  after = '',
  headers = {},
  title = 'Shop',
  head = '',
  content = '',
}: PageOptions): SitePage {
  return {
    headers,
    body: page(
      title,
      `<h1>${title}</h1>${content}<script>${HARM}window.sdkOptions = ${JSON.stringify(sdk)};${before}</script>
       <script type="module" src="/app.js"></script>${after && `<script>${after}</script>`}`,
    ).replace('</head>', `${head}</head>`),
  };
}
