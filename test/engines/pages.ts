/** Pages of a test site that tell what they suffer: the same source for all engines. */
import type { AnalyticsOptions } from '../../src/index.ts';
import { page, type SitePage } from '../support/site-pages.ts';

export interface PageOptions {
  readonly sdk?: Partial<AnalyticsOptions>;
  /** A classic script before everything else of the SDK. */
  readonly before?: string;
  /** A classic script after the tag of the SDK, which may not have run yet. */
  readonly after?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly title?: string;
  /** More of the document's head. */
  readonly head?: string;
}

/** Whatever reaches the page or its console comes to the site's server as `POST /harm?…`: it outlives the page. */
const HARM = `
{
  const tell = (what) => navigator.sendBeacon('/harm?' + encodeURIComponent(what));
  addEventListener('error', ({ message, error }) => tell('error ' + message + (error?.stack ?? '')));
  addEventListener('unhandledrejection', ({ reason }) => tell('rejection ' + (reason?.stack ?? reason)));
  const { error } = console;
  console.error = (...args) => { tell('console ' + args.join(' ')); error.apply(console, args); };
}`;

/** The npm build as a module. */
export function modulePage({
  sdk = {},
  before = '',
  after = '',
  headers = {},
  title = 'Shop',
  head = '',
}: PageOptions): SitePage {
  return {
    headers: { 'Cache-Control': 'no-store', ...headers },
    body: page(
      title,
      `<h1>${title}</h1><script>${HARM}window.sdkOptions = ${JSON.stringify(sdk)};${before}</script>
       <script type="module" src="/app.js"></script>${after && `<script>${after}</script>`}`,
    ).replace('</head>', `${head}</head>`),
  };
}
