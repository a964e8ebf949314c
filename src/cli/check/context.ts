import { gzipSync } from 'node:zlib';
import { BATCH_PATH, basicAuthorization } from '../../protocol/wire.ts';
import { type ProbeAnswer, createProbe, type Probe, type Reply } from './probe.ts';
import { createSamples, type Samples } from './sample-events.ts';

export interface CheckOptions {
  /** What pages have as `proxyUrl`, absolute. */
  readonly url: URL;
  readonly clientKey: string;
  /** Of the pages, e.g. `https://shop.example.com`. @default the proxy's own */
  readonly origin?: string | undefined;
  /** Of each request, in milliseconds. */
  readonly timeoutMs: number;
  /** Empty batches and preflights only. */
  readonly dry: boolean;
}

/** Who asks whom, and all that was answered so far. */
export interface CheckContext {
  readonly url: URL;
  readonly clientKey: string;
  readonly origin: string;
  /** The browser asks for permission first, and keeps answers without it from the page. */
  readonly isCrossOrigin: boolean;
  readonly dry: boolean;
  readonly samples: Samples;
  readonly replies: readonly Reply[];
  readonly probe: Probe;
  /** Sends a body to a path as the SDK does, where nothing else is said with the client key. */
  post(body: string, how?: CallStyle): Promise<Reply>;
  postEvents(events: readonly object[], how?: CallStyle): Promise<Reply>;
}

export interface CallStyle {
  /** @default /v1/batch */
  readonly path?: string;
  /** `null`: no such header. */
  readonly authorization?: string | null;
  readonly gzip?: boolean;
  /** Besides those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function createCheckContext({
  url,
  clientKey,
  origin = url.origin,
  timeoutMs,
  dry,
}: CheckOptions): CheckContext {
  const ask = createProbe(url, timeoutMs);
  const replies: Reply[] = [];
  const isCrossOrigin = origin !== url.origin;

  const probe: Probe = async (question) => {
    const reply = await ask(question);
    replies.push(reply);
    return reply;
  };

  function post(body: string, how: CallStyle = {}): Promise<Reply> {
    const { path = BATCH_PATH, authorization = basicAuthorization(clientKey), gzip = false } = how;
    return probe({
      method: 'POST',
      path,
      headers: {
        // Browsers say these by themselves, and proxies judge by them.
        Origin: origin,
        'Sec-Fetch-Site': isCrossOrigin ? 'cross-site' : 'same-origin',
        'Sec-Fetch-Mode': 'cors',
        'Content-Type': 'application/json',
        ...(authorization !== null && { Authorization: authorization }),
        ...(gzip && { 'Content-Encoding': 'gzip' }),
        ...how.headers,
      },
      body: gzip ? gzipSync(body) : body,
    });
  }

  return {
    url,
    clientKey,
    origin,
    isCrossOrigin,
    dry,
    samples: createSamples(),
    replies,
    probe,
    post,
    postEvents: (events, how) =>
      post(JSON.stringify({ batch: events, sentAt: new Date().toISOString() }), how),
  };
}

export const answersIn = ({ replies }: Pick<CheckContext, 'replies'>): readonly ProbeAnswer[] =>
  replies.filter((reply) => reply.kind === 'answer');
