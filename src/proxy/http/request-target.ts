import type { NodeRequest } from './node-http.ts';

/** The URL that a request of Node is for. */
export interface Target {
  /** The absolute URL; `new URL` always accepts it. */
  readonly url: string;
  /** The path of the URL; of a path that is not the proxy's, the received text without its query, so that the log shows what came. */
  readonly pathname: string;
  /** Whether the path is one of the proxy's. */
  readonly isOwn: boolean;
}

/** Whether a path is one of the proxy's. `isAsWritten`: whether the path of the parsed URL is the received one, letter by letter. */
export type OwnsPath = (pathname: string, isAsWritten: boolean) => boolean;

/** Most targets that are stored. A site has one or two hosts and a handful of paths, so 200 are enough. */
const MOST_REMEMBERED = 200;
/** Most characters of host and path together of a target that is stored. */
const LONGEST_REMEMBERED = 500;

/** Finds the target of requests, and stores the targets that are the proxy's: parsing a URL takes longer than routing by it. */
export function createTargets(owns: OwnsPath): (request: NodeRequest) => Target {
  const remembered = new Map<string, Target>();
  return (request) => {
    const { headers, originalUrl = '', url = '' } = request;
    // A line end separates the parts, because no header or path can contain one.
    const key = `${String(headers[':authority'] ?? headers['host'])}\n${originalUrl}\n${url}`;
    const known = remembered.get(key);
    if (known) return known;
    const target = findTarget(request, owns);
    if (target.isOwn && remembered.size < MOST_REMEMBERED && key.length < LONGEST_REMEMBERED)
      remembered.set(key, target);
    return target;
  };
}

/**
 * The target of a request. Under Express the option `basePath` may include the path under which the handler is mounted, or leave it
 * out. The first of `originalUrl` and `url` that is one of the proxy's paths is taken.
 */
function findTarget({ headers, originalUrl, url = '/' }: NodeRequest, owns: OwnsPath): Target {
  // HTTP/2 sends the host as `:authority`. https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
  const authority = String(headers[':authority'] ?? headers['host']);
  const host = /^[\w.:[\]-]+$/.test(authority) ? authority : 'localhost';
  const first = targetAt(host, originalUrl ?? url, owns);
  if (first.isOwn || originalUrl === undefined) return first;
  const mounted = targetAt(host, url, owns);
  return mounted.isOwn ? mounted : first;
}

function targetAt(host: string, target: string, owns: OwnsPath): Target {
  // Host and path are joined as texts: resolved as a relative URL, //v1/batch would name a host. Of an absolute target, as sent
  // to forward proxies, only the path is used.
  const path = target.startsWith('/') ? target : `/${target.replace(/^\w+:\/\/[^/]*\/?/, '')}`;
  const text = `http://${host}${path}`;
  // `URL` may refuse a host of allowed characters: then the path is used with another host. A path that `URL` does not accept
  // becomes `/`, which is not a path of the proxy.
  const local = `http://localhost${path}`;
  const url = new URL([text, local].find((each) => URL.canParse(each)) ?? 'http://localhost/');
  const [received = '/'] = path.split(/[?#]/, 1);
  const isOwn = owns(url.pathname, received === url.pathname);
  // A received path that has no route has none in these letters either: only parsing could make it one of the proxy's.
  return { url: url.href, pathname: isOwn ? url.pathname : received, isOwn };
}
