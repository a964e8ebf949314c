import { utf8 } from '../wire.ts';
import { type Answer, answer, refuse, type Refusal } from './answer.ts';
import type { Bytes } from './body.ts';
import type { Incoming } from './incoming.ts';

/** Gives the content of a served file, or `null` when there is none of that name. */
export type FileSource = (name: string) => Content | null | Promise<Content | null>;
type Content = string | Uint8Array;

export type ServeFile = (name: string, incoming: Incoming) => Promise<Answer | Refusal>;

/** Serves the script and what it loads later. They are public: any page may load them. */
export function createFileServer(source: FileSource): ServeFile {
  const packed = new Map<string, { readonly etag: string; readonly gzip: Bytes }>();

  async function gzipOf(name: string, etag: string, bytes: Bytes): Promise<Bytes> {
    const known = packed.get(name);
    if (known?.etag === etag) return known.gzip;
    const gzip = await pack(bytes);
    packed.set(name, { etag, gzip });
    return gzip;
  }

  return async (name, { method, headers, request }) => {
    const content = await source(name);
    if (content === null) return refuse(404, 'not_found', 'This proxy does not serve that file.');
    const bytes = typeof content === 'string' ? utf8.encode(content) : new Uint8Array(content);
    const etag = await etagOf(bytes);
    const about = {
      ETag: etag,
      'Cache-Control': 'public, max-age=3600',
      Vary: 'Accept-Encoding',
      'Access-Control-Allow-Origin': '*',
      // Pages that isolate themselves (COEP) load it too.
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'X-Content-Type-Options': 'nosniff',
    };
    if (matches(headers.get('If-None-Match'), etag)) return answer(304, about);

    // Next.js takes Content-Encoding off whatever a route handler answers: packed, the script could not be read.
    const gzip = !('nextUrl' in request) && acceptsGzip(headers.get('Accept-Encoding'));
    const body = gzip ? await gzipOf(name, etag, bytes) : bytes;
    const all = {
      ...about,
      'Content-Type': 'text/javascript; charset=utf-8',
      'Content-Length': String(body.length),
      ...(gzip && { 'Content-Encoding': 'gzip' }),
    };
    return answer(200, all, method === 'HEAD' ? null : body);
  };
}

/** Weak, because it names the content in whatever encoding. */
async function etagOf(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `W/"${btoa(String.fromCharCode(...digest.slice(0, 15)))}"`;
}

function matches(ifNoneMatch: string | null, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.some((tag) => tag === '*' || `W/${tag}` === etag);
}

function acceptsGzip(acceptEncoding: string | null): boolean {
  if (typeof CompressionStream !== 'function') return false;
  const codings = (acceptEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.replaceAll(' ', ''));
  return codings.some((coding) => /^gzip(;|$)/.test(coding) && !/;q=0(\.0*)?$/.test(coding));
}

async function pack(bytes: Bytes): Promise<Bytes> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
