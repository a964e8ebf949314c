import type { NodeRequest } from './node-adapter.ts';

/** What a request of Node asks for. */
export interface Target {
  /** Whole, and always one that `URL` reads. */
  readonly url: string;
  readonly pathname: string;
  /** Whether the path is one of the proxy's. */
  readonly isOwn: boolean;
}

/** Whether a path is one of the proxy's. `isAsWritten`: the path of the URL is what came, letter by letter. */
export type OwnsPath = (pathname: string, isAsWritten: boolean) => boolean;

interface Found {
  readonly url: URL;
  readonly isOwn: boolean;
}

/** As many as are remembered: a site has one host or two, and a handful of paths. */
const MOST_REMEMBERED = 200;
const LONGEST_REMEMBERED = 500;

/**
 * Finds the target of requests, and remembers those that are the proxy's: to read a URL takes longer than all that is done with it.
 */
export function createTargets(owns: OwnsPath): (request: NodeRequest) => Target {
  const remembered = new Map<string, Target>();
  return (request) => {
    const { headers, originalUrl = '', url = '' } = request;
    // No header has a line end in it.
    const key = `${String(headers[':authority'] ?? headers['host'])}\n${originalUrl}\n${url}`;
    const before = remembered.get(key);
    if (before) return before;
    const found = urlOf(request, owns);
    const target = { url: found.url.href, pathname: found.url.pathname, isOwn: found.isOwn };
    if (target.isOwn && remembered.size < MOST_REMEMBERED && key.length < LONGEST_REMEMBERED)
      remembered.set(key, target);
    return target;
  };
}

/** Mounted in Express, a `basePath` may name the mount path or leave it out: whichever leads somewhere is meant. */
function urlOf({ headers, originalUrl, url = '/' }: NodeRequest, owns: OwnsPath): Found {
  // HTTP/2 has it under another name. https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
  const given = String(headers[':authority'] ?? headers['host']);
  const host = /^[\w.:[\]-]+$/.test(given) ? given : 'localhost';
  const first = urlAt(host, originalUrl ?? url, owns);
  if (first.isOwn) return first;
  const mounted = originalUrl === undefined ? first : urlAt(host, url, owns);
  return mounted.isOwn ? mounted : { url: new URL('/', first.url), isOwn: false };
}

function urlAt(host: string, target: string, owns: OwnsPath): Found {
  // Joined, not resolved: //v1/batch would name a host. Absolute targets are for forward proxies; their path counts.
  const path = target.startsWith('/') ? target : `/${target.replace(/^\w+:\/\/[^/]*\/?/, '')}`;
  const text = `http://${host}${path}`;
  // Some hosts are none, though they look like one: the path counts all the same. A path that is none leads nowhere.
  const local = `http://localhost${path}`;
  const url = new URL([text, local].find((each) => URL.canParse(each)) ?? 'http://localhost/');
  const isAsWritten = path.split(/[?#]/, 1)[0] === url.pathname;
  return { url, isOwn: owns(url.pathname, isAsWritten) };
}
