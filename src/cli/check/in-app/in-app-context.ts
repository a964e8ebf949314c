import { FRAME_PREFIX } from '../../../protocol/wire.ts';
import { createProbe, type Probe, type Reply } from '../probe.ts';

/** The options of the checks of in-app messages. */
export interface InAppCheckOptions {
  /** The `proxyUrl` of the pages, absolute. */
  readonly url: URL;
  /** The origin of the pages, e.g. `https://shop.example.com`. @default the origin of the proxy */
  readonly origin?: string | undefined;
  /** The most time for each request, in milliseconds. */
  readonly timeoutMs: number;
  /** The path of the browser that opens the frame; `null`: this machine has none. */
  readonly browser: string | null;
}

/** The proxy whose in-app messages are checked, and the way to send requests to it. */
export interface InAppContext {
  readonly url: URL;
  readonly origin: string;
  readonly isCrossOrigin: boolean;
  readonly browser: string | null;
  readonly timeoutMs: number;
  /** The path of the proxy, without a slash at the end: `/e`. */
  readonly basePath: string;
  /** The path of the renderer's files, with a slash at the end: `/e/v1/frame/`. */
  readonly framePath: string;
  /** The URL of the renderer's page. */
  readonly pageUrl: URL;
  /** Sends a request to a path of the proxy's origin. */
  readonly probe: Probe;
  /** Loads the page as the frame of a page does. */
  getPage(url: URL): Promise<Reply>;
  /** Loads a file as the frame does: its origin is opaque, so browsers send `Origin: null`. */
  getFile(url: URL): Promise<Reply>;
}

/** The proxy serves pages of at most 2 MB and files of at most 10 MB. */
const KEPT_BYTES = 11_000_000;
const ENCODINGS = { 'Accept-Encoding': 'gzip, deflate, br' };

export function createInAppContext({
  url,
  origin = url.origin,
  timeoutMs,
  browser,
}: InAppCheckOptions): InAppContext {
  const probe = createProbe(new URL(url.origin), timeoutMs);
  const basePath = url.pathname.replace(/\/+$/, '');
  const framePath = basePath + FRAME_PREFIX;
  const isCrossOrigin = origin !== url.origin;
  const get = ({ pathname, search }: URL, headers: Readonly<Record<string, string>>): Promise<Reply> =>
    probe({
      method: 'GET',
      path: pathname + search,
      headers: { ...ENCODINGS, ...headers },
      keptBytes: KEPT_BYTES,
    });
  return {
    url,
    origin,
    isCrossOrigin,
    browser,
    timeoutMs,
    basePath,
    framePath,
    pageUrl: new URL(`${framePath}index.html`, url),
    probe,
    getPage: (page) =>
      get(page, {
        Accept: 'text/html',
        'Sec-Fetch-Site': isCrossOrigin ? 'cross-site' : 'same-origin',
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Dest': 'iframe',
      }),
    getFile: (file) =>
      get(file, { Accept: '*/*', Origin: 'null', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' }),
  };
}
