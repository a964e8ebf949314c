import { type Answer, refuse, type Refusal } from '../http/response.ts';
import type { IncomingRequest } from '../http/request.ts';
import { acceptedCodings } from './content-coding.ts';
import { CODINGS, createServedFile, type ServedFile } from './served-file.ts';

/**
 * Returns the content of a served file, or `null` when there is no file of that name. The proxy calls the function for each
 * request. The proxy keeps the ETag and the compressed forms of a content as long as the function returns the same content. Do not
 * change an array after the function has returned it.
 *
 * @example
 * ```ts
 * const files: FileSource = (name) => (name === 'cio.js' ? script : null);
 * ```
 */
export type FileSource = (name: string) => Content | null | Promise<Content | null>;
type Content = string | Uint8Array;

export type ServeFile = (name: string, incoming: IncomingRequest) => Promise<Answer | Refusal>;

/** Most files whose compressed forms are kept: a source may return a content for every name. */
const MOST_FILES = 50;

/** Makes the server of cio.js and the files cio-*.js that it loads later. These are public: pages of every origin may load them. */
export function createFileServer(source: FileSource): ServeFile {
  const known = new Map<string, { readonly content: Content; readonly file: Promise<ServedFile> }>();

  function fileOf(name: string, content: Content): Promise<ServedFile> {
    const remembered = known.get(name);
    if (remembered && isSame(remembered.content, content)) return remembered.file;
    const file = createServedFile(content);
    // Deleted before it is set again, so that the map is in the order of the newest contents, and the oldest is removed first.
    known.delete(name);
    for (const oldest of known.keys()) {
      if (known.size < MOST_FILES) break;
      known.delete(oldest);
    }
    known.set(name, { content, file });
    file.catch(() => known.delete(name));
    return file;
  }

  return async (name, { method, headers, losesEncoding }) => {
    const content = await source(name);
    if (content === null) {
      // `no-store`: another replica of the proxy may have a later version with that file, so caches must not remember the 404.
      const headers = { 'Cache-Control': 'no-store' };
      return refuse(404, 'not_found', 'This proxy does not serve that file.', { headers });
    }
    const file = await fileOf(name, content);
    const tags = headers.get('If-None-Match');
    if (tags !== null && matches(tags, file.etag)) return file.notModified;
    const [coding = null] = losesEncoding ? [] : acceptedCodings(headers.get('Accept-Encoding'), CODINGS);
    return method === 'HEAD' ? file.head(coding) : file.whole(coding);
  };
}

function isSame(one: Content, other: Content): boolean {
  if (one === other) return true;
  if (typeof one === 'string' || typeof other === 'string' || one.length !== other.length) return false;
  for (let i = 0; i < one.length; i += 1) if (one[i] !== other[i]) return false;
  return true;
}

function matches(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((each) => {
    const tag = each.trim().replace(/^W\//, '');
    return tag === '*' || (tag.length + 2 === etag.length && etag.endsWith(tag));
  });
}
