import { utf8 } from '../../protocol/wire.ts';
import { type Answer, answer } from '../http/response.ts';
import type { Bytes } from '../lib/bytes.ts';
import { type Coding, createCompressors } from './content-coding.ts';

/** The responses to requests for a file. Each response is made once, and shared by all requests. */
export interface ServedFile {
  /** The ETag of the content; a weak one, because it is the same for all codings. */
  readonly etag: string;
  /** 304, without the content. */
  readonly notModified: Answer;
  /**
   * 200, with the content in a coding; `null`: not compressed. The content is compressed at the first call for its
   * coding.
   */
  whole(coding: Coding | null): Promise<Answer>;
  /** 200, with the headers of `whole` and without the content. */
  head(coding: Coding | null): Promise<Answer>;
}

const packers = /*#__PURE__*/ createCompressors();
/** The codings with which this runtime can compress files, the smallest result first. */
export const CODINGS: readonly Coding[] = /*#__PURE__*/ [...packers.keys()];

export async function createServedFile(content: string | Uint8Array): Promise<ServedFile> {
  const bytes = typeof content === 'string' ? utf8.encode(content) : new Uint8Array(content);
  const etag = await etagOf(bytes);
  const commonHeaders = {
    ETag: etag,
    'Cache-Control': 'public, max-age=3600',
    Vary: 'Accept-Encoding',
    'Access-Control-Allow-Origin': '*',
    // Without this header, isolated pages (COEP) of other origins could not load the file.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'X-Content-Type-Options': 'nosniff',
  };
  const answers = new Map<Coding | null, Promise<Answer>>();

  async function make(coding: Coding | null): Promise<Answer> {
    const pack = coding === null ? undefined : packers.get(coding);
    const body = pack ? await pack(bytes) : bytes;
    const headers = {
      ...commonHeaders,
      'Content-Type': 'text/javascript; charset=utf-8',
      'Content-Length': String(body.length),
      ...(pack && coding !== null && { 'Content-Encoding': coding }),
    };
    return { ...answer(200, headers, body), isShared: true };
  }

  function whole(coding: Coding | null): Promise<Answer> {
    const known = answers.get(coding);
    if (known) return known;
    const pending = make(coding);
    answers.set(coding, pending);
    pending.catch(() => answers.delete(coding));
    return pending;
  }

  return {
    etag,
    notModified: answer(304, commonHeaders),
    whole,
    head: async (coding) => ({ ...(await whole(coding)), body: null }),
  };
}

async function etagOf(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `W/"${btoa(String.fromCharCode(...digest.subarray(0, 15)))}"`;
}
