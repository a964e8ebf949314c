/** Pages of a test site that report their errors: the same source for all engines. */
import type { AnalyticsOptions } from '../../src/index.ts';
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
}

/**
 * Reports every uncaught error and console error to the site's server, as `POST /harm?…`: the report stays
 * when the page is gone.
 */
const HARM = `
{
  const tell = (what) => navigator.sendBeacon('/harm?' + encodeURIComponent(what));
  addEventListener('error', ({ message, error }) => tell('error ' + message + (error?.stack ?? '')));
  addEventListener('unhandledrejection', ({ reason }) => tell('rejection ' + (reason?.stack ?? reason)));
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

/** A page with the npm build as a module. */
export function modulePage({
  sdk = {},
  before = '',
  after = '',
  headers = {},
  title = 'Shop',
  head = '',
}: PageOptions): SitePage {
  return {
    headers,
    body: page(
      title,
      `<h1>${title}</h1><script>${HARM}window.sdkOptions = ${JSON.stringify(sdk)};${before}</script>
       <script type="module" src="/app.js"></script>${after && `<script>${after}</script>`}`,
    ).replace('</head>', `${head}</head>`),
  };
}
