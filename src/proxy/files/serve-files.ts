import { type Answer, refuse, type Refusal } from '../http/response.ts';
import type { IncomingRequest } from '../http/request.ts';
import { acceptedCodings } from './content-coding.ts';
import { CODINGS, createServedFile, type ServedFile } from './served-file.ts';

/**
 * Gives the content of a served file, or `null` when there is none of that name. It is asked for each request, and what comes of
 * the content (its tag, and what it is packed to) is kept for as long as the content is the same: an array is not changed
 * after it was given.
 */
export type FileSource = (name: string) => Content | null | Promise<Content | null>;
type Content = string | Uint8Array;

export type ServeFile = (name: string, incoming: IncomingRequest) => Promise<Answer | Refusal>;

/** A source may have something for every name. */
const MOST_FILES = 50;

/** Serves the script and what it loads later. They are public: any page may load them. */
export function createFileServer(source: FileSource): ServeFile {
  const known = new Map<string, { readonly content: Content; readonly file: Promise<ServedFile> }>();

  function fileOf(name: string, content: Content): Promise<ServedFile> {
    const before = known.get(name);
    if (before && isSame(before.content, content)) return before.file;
    const file = createServedFile(content);
    // Deleted first, so that the map stays in the order in which its contents came.
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
      // Another copy may have a later version, with other files: caches in between must not remember that this one has not.
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
