import { concatBytes } from './concat-bytes.ts';
import type { Bytes } from './bytes.ts';

/** Most bytes of the response of a service, after decompression. Real responses have some kilobytes. */
export const MAX_ANSWER_BYTES = 1_000_000;

/** The response of a server is larger than the limit. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';

  constructor(maxBytes: number) {
    super(`The answer has more than ${maxBytes} bytes.`);
  }
}

/**
 * Reads the body of a response, up to `maxBytes`. The rest of a larger body is cancelled, which closes the connection. A body
 * within the limit is read to its end, so that its connection can be used again.
 *
 * @throws AnswerTooLargeError above the limit, or the error with which the body fails
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

/** Reads as {@link readLimited}, and decodes. Bytes that are not UTF-8 become U+FFFD, as in `Response.text()`. @throws as {@link readLimited} */
export async function readLimitedText(
  response: Pick<Response, 'body'>,
  maxBytes: number = MAX_ANSWER_BYTES,
): Promise<string> {
  return new TextDecoder().decode(await readLimited(response, maxBytes));
}
