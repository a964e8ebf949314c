import { gzipSync } from 'node:zlib';
import { BATCH_PATH, basicAuthorization } from '../../protocol/wire.ts';
import { type ProbeAnswer, createProbe, type Probe, type Reply } from './probe.ts';
import type { WorkspaceOptions } from './check-workspace.ts';
import { createSamples, type Samples } from './sample-events.ts';

/** The options of a run of all checks. */
export interface CheckOptions {
  /** The `proxyUrl` of the pages, absolute. */
  readonly url: URL;
  readonly clientKey: string;
  /** The origin of the pages, e.g. `https://shop.example.com`. @default the origin of the proxy */
  readonly origin?: string | undefined;
  /** The most time for each request, in milliseconds. */
  readonly timeoutMs: number;
  /** Sends only empty batches and preflights, so that nothing reaches the workspace behind the proxy. */
  readonly dry: boolean;
  /** The workspace in which the test person is looked up. Missing: the workspace is not read. */
  readonly workspace?: WorkspaceOptions | undefined;
  /** Fails if the proxy does not serve the paths of Customer.io's own SDKs. @default false */
  readonly compatibility?: boolean | undefined;
}

/** The proxy that is checked, the ways to send requests to it, and all its replies so far. */
export interface CheckContext {
  readonly url: URL;
  readonly clientKey: string;
  readonly origin: string;
  /**
   * Whether the pages have another origin than the proxy: browsers then send a preflight, and let the page read only
   * what CORS allows.
   */
  readonly isCrossOrigin: boolean;
  readonly dry: boolean;
  readonly workspace: WorkspaceOptions | undefined;
  /** Whether the proxy must serve the paths of Customer.io's own SDKs. */
  readonly compatibility: boolean;
  /** The events to send. */
  readonly samples: Samples;
  /** All replies so far, in their order. */
  readonly replies: readonly Reply[];
  /** Sends any request. */
  readonly probe: Probe;
  /** Sends a body as the SDK does: to the path of batches and with the client key, unless `options` changes that. */
  post(body: string, options?: PostOptions): Promise<Reply>;
  /** Sends events as a batch. */
  postEvents(events: readonly object[], options?: PostOptions): Promise<Reply>;
}

/** The differences from a request of the SDK. */
export interface PostOptions {
  /** @default /v1/batch */
  readonly path?: string;
  /** The header `Authorization`; `null`: none. @default the client key */
  readonly authorization?: string | null;
  /** Whether the body is compressed. @default false */
  readonly gzip?: boolean;
  /** Headers in addition to those of every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function createCheckContext({
  url,
  clientKey,
  origin = url.origin,
  timeoutMs,
  dry,
  workspace,
  compatibility = false,
}: CheckOptions): CheckContext {
  const send = createProbe(url, timeoutMs);
  const replies: Reply[] = [];
  const isCrossOrigin = origin !== url.origin;

  const probe: Probe = async (request) => {
    const reply = await send(request);
    replies.push(reply);
    return reply;
  };

  function post(body: string, options: PostOptions = {}): Promise<Reply> {
    const { path = BATCH_PATH, authorization = basicAuthorization(clientKey), gzip = false } = options;
    return probe({
      method: 'POST',
      path,
      headers: {
        // Browsers add these headers themselves, and proxies check them.
        Origin: origin,
        'Sec-Fetch-Site': isCrossOrigin ? 'cross-site' : 'same-origin',
        'Sec-Fetch-Mode': 'cors',
        'Content-Type': 'application/json',
        ...(authorization !== null && { Authorization: authorization }),
        ...(gzip && { 'Content-Encoding': 'gzip' }),
        ...options.headers,
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
    workspace,
    compatibility,
    samples: createSamples(),
    replies,
    probe,
    post,
    postEvents: (events, options) =>
      post(JSON.stringify({ batch: events, sentAt: new Date().toISOString() }), options),
  };
}

/** All replies that are answers. */
export const answersIn = ({ replies }: Pick<CheckContext, 'replies'>): readonly ProbeAnswer[] =>
  replies.filter((reply) => reply.kind === 'answer');
