import { FRAME_PREFIX, utf8 } from '../../../protocol/wire.ts';
import { type Answer, answer, comeBackLater, refuse, type Refusal } from '../../http/response.ts';
import type { IncomingRequest } from '../../http/request.ts';
import type { FetchLike } from '../../upstream/send-batch.ts';
import type { LogNote } from '../../telemetry/request-log.ts';
import type { InAppOptions } from '../in-app-options.ts';
import { createFileCache, type FrameFile } from './file-cache.ts';
import { kindOf } from './file-types.ts';
import { createFrameHosts } from './frame-hosts.ts';
import { fileHeaders, pageHeaders } from './frame-policy.ts';
import { createLoadFile, type LoadedFile, NO_FILE } from './load-file.ts';
import { createRewrite } from './rewrite.ts';

/** The settings of the page that draws messages. */
export interface FrameNeeds {
  readonly fetch: FetchLike;
  readonly timeoutMs: number;
  readonly basePath: string;
  readonly origins: readonly string[];
  /** `undefined`: the proxy serves no such page. */
  readonly inApp?: InAppOptions | undefined;
}

/** Serves the renderer. `path` is below `/v1/frame/`. */
export type FrameHandler = (
  path: string,
  incoming: IncomingRequest,
  note: LogNote,
) => Promise<Answer | Refusal>;

/** A folder with a version: its files never change. */
const VERSIONED = /\/renderer\/\d+\.\d+\.\d+\//;
const PAGE = 'index.html';
const SHORT = 'public, max-age=300, stale-if-error=86400';
const LONG = 'public, max-age=31536000, immutable';

const NO_PAGE: Refusal = /*#__PURE__*/ comeBackLater(
  'upstream_unavailable',
  'The renderer has not responded: try again.',
  { detail: 'The server of the renderer returned no HTML.' },
);

/**
 * Makes the handler of the renderer's page and its files. The page is public and the same for everybody: a message reaches it from the
 * page around it, never from the proxy.
 */
export function createFrameHandler({ basePath, fetch, inApp, origins, timeoutMs }: FrameNeeds): FrameHandler {
  const hosts = createFrameHosts(inApp ?? {}, basePath + FRAME_PREFIX);
  const loadFile = createLoadFile(fetch, hosts, timeoutMs);
  const rewrite = createRewrite(hosts);
  const cache = createFileCache();

  function rewritten({ url, type, bytes }: LoadedFile): FrameFile {
    const kind = kindOf(type);
    const isImmutable = VERSIONED.test(url.pathname);
    if (kind === 'other') return { kind: 'file', type, bytes, isImmutable };
    const text = new TextDecoder().decode(bytes);
    const result = kind === 'script' ? rewrite.script(text) : rewrite[kind](text, url);
    return { kind: 'file', type, bytes: new Uint8Array(utf8.encode(result)), isImmutable };
  }

  return async (path, incoming, note) => {
    if (!inApp) {
      const message = 'This proxy is not configured for it: the option "inApp" is missing.';
      return refuse(404, 'not_found', message);
    }
    const url = hosts.urlOf(path);
    if (url === null) return NO_FILE;
    const isIsolated = new URL(incoming.url).searchParams.get('coi') === '1';
    if (isIsolated && path === PAGE) url.search = '?coi=1';
    const file = await cache.get(url.href, async () => {
      const loaded = await loadFile(url, note);
      if (loaded.kind === 'refused') return loaded;
      return path === PAGE && kindOf(loaded.type) !== 'html' ? NO_PAGE : rewritten(loaded);
    });
    if (file.kind === 'refused') return file;
    const isPage = kindOf(file.type) === 'html';
    const headers = {
      'Content-Type': file.type,
      'Content-Length': String(file.bytes.length),
      'Cache-Control': file.isImmutable && !isPage ? LONG : SHORT,
      ...(isPage ? pageHeaders(incoming, origins, isIsolated) : fileHeaders()),
    };
    return answer(200, headers, incoming.method === 'HEAD' ? null : file.bytes);
  };
}
