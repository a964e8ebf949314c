import { utf8 } from '../../protocol/wire.ts';
import { type Answer, answer } from '../http/response.ts';
import type { Bytes } from '../http/body.ts';
import { type Coding, createCompressors } from './content-coding.ts';

/** A file as it is answered: every answer is made once, and shared by all requests. */
export interface ServedFile {
  /** Weak, because it names the content in whatever coding. */
  readonly etag: string;
  readonly notModified: Answer;
  /** 200, with the content. `coding`: `null` for as it is. Packed when it is asked for first. */
  whole(coding: Coding | null): Promise<Answer>;
  /** 200, with the headers of `whole` alone. */
  head(coding: Coding | null): Promise<Answer>;
}

const packers = /*#__PURE__*/ createCompressors();
/** What files can be packed with here. */
export const CODINGS: readonly Coding[] = /*#__PURE__*/ [...packers.keys()];

export async function createServedFile(content: string | Uint8Array): Promise<ServedFile> {
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
  const made = new Map<Coding | null, Promise<Answer>>();

  async function make(coding: Coding | null): Promise<Answer> {
    const pack = coding === null ? undefined : packers.get(coding);
    const body = pack ? await pack(bytes) : bytes;
    const headers = {
      ...about,
      'Content-Type': 'text/javascript; charset=utf-8',
      'Content-Length': String(body.length),
      ...(pack && coding !== null && { 'Content-Encoding': coding }),
    };
    return { ...answer(200, headers, body), isShared: true };
  }

  function whole(coding: Coding | null): Promise<Answer> {
    const known = made.get(coding);
    if (known) return known;
    const making = make(coding);
    made.set(coding, making);
    making.catch(() => made.delete(coding));
    return making;
  }

  return {
    etag,
    notModified: answer(304, about),
    whole,
    head: async (coding) => ({ ...(await whole(coding)), body: null }),
  };
}

async function etagOf(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `W/"${btoa(String.fromCharCode(...digest.subarray(0, 15)))}"`;
}
