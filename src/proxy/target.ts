import type { NodeRequest } from './node.ts';

/** What a request of Node asks for. */
export interface Target {
  /** Whole, and always one that `URL` reads. */
  readonly url: string;
  readonly pathname: string;
  /** Whether the path is one of the proxy's. */
  readonly isOwn: boolean;
}

/** As many as are remembered: a site has one host or two, and a handful of paths. */
const MOST_REMEMBERED = 200;
const LONGEST_REMEMBERED = 500;

/**
 * Finds the target of requests, and remembers those that are the proxy's: to read a URL takes longer than all that is done with it.
 */
export function createTargets(owns: (pathname: string) => boolean): (request: NodeRequest) => Target {
  const remembered = new Map<string, Target>();
  return (request) => {
    const { headers, originalUrl = '', url = '' } = request;
    // No header has a line end in it.
    const key = `${String(headers[':authority'] ?? headers['host'])}\n${originalUrl}\n${url}`;
    const before = remembered.get(key);
    if (before) return before;
    const { href, pathname } = urlOf(request, owns);
    const target = { url: href, pathname, isOwn: owns(pathname) };
    if (target.isOwn && remembered.size < MOST_REMEMBERED && key.length < LONGEST_REMEMBERED)
      remembered.set(key, target);
    return target;
  };
}

/** Mounted in Express, a `basePath` may name the mount path or leave it out: whichever leads somewhere is meant. */
function urlOf({ headers, originalUrl, url = '/' }: NodeRequest, owns: (pathname: string) => boolean): URL {
  // HTTP/2 has it under another name. https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
  const given = String(headers[':authority'] ?? headers['host']);
  const host = /^[\w.:[\]-]+$/.test(given) ? given : 'localhost';
  const first = urlAt(host, originalUrl ?? url);
  if (owns(first.pathname)) return first;
  const mounted = originalUrl === undefined ? first : urlAt(host, url);
  return owns(mounted.pathname) ? mounted : new URL('/', first);
}

function urlAt(host: string, target: string): URL {
  // Joined, not resolved: //v1/batch would name a host. Absolute targets are for forward proxies; their path counts.
  const path = target.startsWith('/') ? target : `/${target.replace(/^\w+:\/\/[^/]*\/?/, '')}`;
  const url = `http://${host}${path}`;
  return new URL(URL.canParse(url) ? url : 'http://localhost/');
}
