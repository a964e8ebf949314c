import { comeBackLater, refuse, type Refusal } from '../../http/response.ts';
import type { Bytes } from '../../lib/bytes.ts';
import { describeError } from '../../lib/describe-error.ts';
import { readLimited } from '../../lib/read-limited.ts';
import { within } from '../../lib/timeouts.ts';
import type { FetchLike } from '../../upstream/send-batch.ts';
import type { LogNote } from '../../telemetry/request-log.ts';
import type { FrameHosts } from './frame-hosts.ts';
import { kindOf, typeOf } from './file-types.ts';

/** A file of the renderer, as its server has sent it. */
export interface LoadedFile {
  readonly kind: 'file';
  /** Where the file was found, after redirects. */
  readonly url: URL;
  readonly type: string;
  readonly bytes: Bytes;
}

/** Loads a file of one of the two servers. */
export type LoadFile = (url: URL, note: LogNote) => Promise<LoadedFile | Refusal>;

const MOST_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MOST_PAGE_BYTES = 2_000_000;
const MOST_FILE_BYTES = 10_000_000;
const TIMEOUT_MS = 5_000;
/** Most files that are loaded at the same time. Everybody may ask for files, and each may take 10 MB. */
const MOST_LOADS = 16;

export const NO_FILE: Refusal = /*#__PURE__*/ refuse(
  404,
  'not_found',
  'This proxy does not serve that file.',
  {
    headers: { 'Cache-Control': 'no-store' },
  },
);

/** @param timeoutMs the time for a request to Customer.io; a file has five seconds at most */
export function createLoadFile(fetch: FetchLike, hosts: FrameHosts, timeoutMs: number): LoadFile {
  let loads = 0;

  /** Follows redirects from one of the two servers to the other. They may not lead to a third one, whose script would run in the frame. */
  async function request(start: URL, signal: AbortSignal): Promise<{ url: URL; response: Response } | null> {
    let url = start;
    for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
      // No header of the visitor is sent on: the file is the same for all visitors.
      const response = await fetch(url.href, {
        method: 'GET',
        headers: { Accept: '*/*' },
        redirect: 'manual',
        signal,
      });
      const location = response.headers.get('Location');
      if (!REDIRECTS.has(response.status) || location === null) return { url, response };
      response.body?.cancel().catch(() => {});
      if (!URL.canParse(location, url)) return null;
      const target = new URL(location, url);
      if (target.username !== '' || target.password !== '' || hosts.pathOf(target) === null) return null;
      url = target;
    }
    return null;
  }

  async function load(start: URL, signal: AbortSignal, note: LogNote): Promise<LoadedFile | Refusal> {
    const found = await request(start, signal);
    if (found === null) return later('The server of the renderer redirected to another host, or in a loop.');
    const { url, response } = found;
    const { status } = response;
    note.upstreamStatus = status;
    if (status !== 200) {
      response.body?.cancel().catch(() => {});
      return status >= 500 || status === 429 || status < 400
        ? later(`The server of the renderer returned ${status}.`)
        : NO_FILE;
    }
    const type = typeOf(url.pathname, response.headers.get('Content-Type'));
    if (type === null) {
      response.body?.cancel().catch(() => {});
      return NO_FILE;
    }
    const mostBytes = kindOf(type) === 'html' ? MOST_PAGE_BYTES : MOST_FILE_BYTES;
    return { kind: 'file', url, type, bytes: await readLimited(response, mostBytes) };
  }

  return async (url, note) => {
    if (loads >= MOST_LOADS)
      return comeBackLater('overloaded', 'The proxy is overloaded: send the request again.');
    loads += 1;
    try {
      return await within(Math.min(TIMEOUT_MS, timeoutMs), async (signal) => load(url, signal, note));
    } catch (cause) {
      return later(describeError(cause));
    } finally {
      loads -= 1;
    }
  };
}

function later(detail: string): Refusal {
  return comeBackLater('upstream_unavailable', 'The renderer has not responded: try again.', { detail });
}
