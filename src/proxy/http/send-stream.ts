import type { Bytes } from '../lib/bytes.ts';
import { type Answer, answerRefusal, refuse } from './response.ts';
import type { NodeResponse } from './node-http.ts';

/** Sends an answer that does not end by itself, part by part, until the stream ends or the visitor leaves. */
export async function sendStream(
  { status, headers }: Answer,
  stream: ReadableStream<Bytes>,
  response: NodeResponse,
): Promise<void> {
  const reader = stream.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  if (!response.write || !response.once) {
    stop();
    const refusal = answerRefusal(refuse(404, 'not_found', 'This server cannot stream.'));
    response.writeHead(refusal.status, refusal.headers);
    response.end(refusal.body ?? '');
    return;
  }
  let isClosed = false;
  let onProgress = (): void => {};
  response.once('close', () => {
    isClosed = true;
    stop();
    onProgress();
  });
  response.writeHead(status, headers);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || isClosed) break;
      if (response.write(value) !== false) continue;
      const progress = new Promise<void>((resolve) => (onProgress = resolve));
      response.once('drain', onProgress);
      await progress;
    }
  } finally {
    stop();
    response.end('');
  }
}
