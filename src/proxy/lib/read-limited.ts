import { concatBytes } from './concat-bytes.ts';
import type { Bytes } from '../http/body.ts';

/** What an answer of a service may have, in bytes after decompression. Real ones have some kilobytes. */
export const MAX_ANSWER_BYTES = 1_000_000;

/** A server has answered more than it may. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';

  constructor(maxBytes: number) {
    super(`The answer has more than ${maxBytes} bytes.`);
  }
}

/**
 * Reads the body of an answer, and no more of it than `maxBytes`: where there is more, the rest is cancelled, which closes its
 * connection. A body within the limit is read to its end, so that its connection can be used again.
 *
 * @throws AnswerTooLargeError, or what the body fails with
 */
export async function readLimited(
  { body }: Pick<Response, 'body'>,
  maxBytes: number = MAX_ANSWER_BYTES,
): Promise<Bytes> {
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(chunks, length);
    length += value.length;
    if (length > maxBytes) {
      reader.cancel().catch(() => {});
      throw new AnswerTooLargeError(maxBytes);
    }
    chunks.push(value);
  }
}

/** The same as text. What is not UTF-8 becomes U+FFFD, as in `Response.text()`. @throws as {@link readLimited} */
export async function readLimitedText(
  response: Pick<Response, 'body'>,
  maxBytes: number = MAX_ANSWER_BYTES,
): Promise<string> {
  return new TextDecoder().decode(await readLimited(response, maxBytes));
}
