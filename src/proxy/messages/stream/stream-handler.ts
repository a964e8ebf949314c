import { inBytes, utf8 } from '../../../protocol/wire.ts';
import { type Answer, answer, comeBackLater, refuse, type Refusal } from '../../http/response.ts';
import type { Bytes } from '../../lib/bytes.ts';
import { describeError } from '../../lib/describe-error.ts';
import { unlessAborted } from '../../lib/timeouts.ts';
import type { IncomingRequest } from '../../http/request.ts';
import type { LogNote } from '../../telemetry/request-log.ts';
import type { RequestInfo } from '../../ingest/hooks.ts';
import { resolveInApp, withoutEndSlash } from '../../private/private-settings.ts';
import { createHandles, type Recipient } from '../handle.ts';
import { handleSecretOf } from '../handle-secret.ts';
import { isUuid, type MessagesNeeds, notConfigured } from '../messages-handler.ts';
import { createEventParser } from './event-parser.ts';
import { createOpenStreams, type StreamPlace } from './open-streams.ts';
import { passedEvent } from './passed-events.ts';

/** The settings of the stream. */
export interface StreamNeeds extends MessagesNeeds {
  /** Calls the listener when the proxy stops. Returns the function that removes the listener. */
  readonly onClose: (listener: () => void) => () => void;
}

/** Opens the stream of a person's new messages. */
export type StreamHandler = (
  incoming: IncomingRequest,
  info: RequestInfo,
  note: LogNote,
) => Promise<Answer | Refusal>;

const REALTIME = 'https://realtime.cloud.gist.build';
const COMMENT_MS = 15_000;
/** A timer cannot be longer than 24.8 days; a token that is valid for so long is checked again after a day. */
const LONGEST_MS = 86_400_000;
/** Most characters of an event: as many as an answer with messages may have bytes. */
const MOST_EVENT_CHARACTERS = 4_000_000;

const HEADERS = {
  'Content-Type': 'text/event-stream',
  // Without `no-transform` a server in front would pack the stream, and hold events back until a block is full.
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Makes the handler of streams. A stream belongs to one verified token, and ends with it: a browser whose person has signed out, or
 * whose token was not renewed, gets no more messages of that person.
 */
export function createStreamHandler(needs: StreamNeeds): StreamHandler {
  const { customerToken, fetch, inApp, onClose, timeoutMs } = needs;
  const handles = createHandles(handleSecretOf(needs));
  const realtimeUrl = withoutEndSlash(inApp?.realtimeUrl ?? REALTIME);
  const streams = createOpenStreams();

  /** Opens the stream of the service. The person is in its URL: that is how the service wants it, and no visitor sees that URL. */
  async function connect(
    person: string,
    siteId: string,
    sessionId: string,
    controller: AbortController,
    note: LogNote,
  ): Promise<ReadableStreamDefaultReader<Uint8Array> | Refusal> {
    const query = new URLSearchParams({
      userToken: btoa(inBytes(person)),
      siteId,
      sessionId,
      platform: 'web',
    });
    const { signal } = controller;
    const timer = setTimeout(
      () => controller.abort(new Error(`No answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      const headers = { Accept: 'text/event-stream' };
      const url = `${realtimeUrl}/api/v3/sse?${query}`;
      const response = await unlessAborted(fetch(url, { headers, redirect: 'manual', signal }), signal);
      const { body, status } = response;
      note.upstreamStatus = status;
      const isStream = /^text\/event-stream\b/i.test(response.headers.get('Content-Type') ?? '');
      if (status === 200 && isStream && body) return body.getReader();
      controller.abort();
      return later(`The service of the stream returned ${status}, and no stream.`);
    } catch (cause) {
      // The URL of the failed request may be in the error, and the person is in the URL.
      return later(describeError(cause).replaceAll(/https?:\S+/g, realtimeUrl));
    } finally {
      clearTimeout(timer);
    }
  }

  function streamOf(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    recipient: Recipient,
    expiresAtMs: number,
    end: { readonly place: StreamPlace; readonly key: string; readonly controller: AbortController },
  ): ReadableStream<Bytes> {
    const parse = createEventParser(MOST_EVENT_CHARACTERS);
    const decoder = new TextDecoder();
    let isOpen = true;
    let close = (): void => {};

    /** The text of the next events; `null` at the end of the stream. */
    async function next(): Promise<string | null> {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return null;
        const events = parse(decoder.decode(value, { stream: true }));
        const texts = await Promise.all(events.map(async (event) => passedEvent(event, handles, recipient)));
        const text = texts.join('');
        if (text !== '') return text;
      }
    }

    return new ReadableStream<Bytes>({
      start(sink) {
        const send = (text: string): void => sink.enqueue(new Uint8Array(utf8.encode(text)));
        // A comment shows servers in between, and the browser, that the connection lives.
        const comments = setInterval(() => (sink.desiredSize ?? 0) > 0 && send(':\n\n'), COMMENT_MS);
        const leftMs = Math.min(LONGEST_MS, Math.max(0, expiresAtMs - Date.now()));
        const expiry = setTimeout(() => close(), leftMs);
        const stopListening = onClose(() => close());
        close = () => {
          if (!isOpen) return;
          isOpen = false;
          clearInterval(comments);
          clearTimeout(expiry);
          stopListening();
          end.place.leave();
          end.controller.abort();
          try {
            sink.close();
          } catch {
            // The visitor has closed the stream already.
          }
        };
        end.place.replace(end.key, () => close());
        send(':\n\n');
      },
      async pull(sink) {
        const text = await next().catch(() => null);
        if (text === null) close();
        else if (isOpen) sink.enqueue(new Uint8Array(utf8.encode(text)));
      },
      cancel: () => close(),
    });
  }

  return async (incoming, info, note) => {
    if (!inApp) return notConfigured('inApp');
    if (!customerToken || customerToken.mode === 'disabled') return notConfigured('customerToken');
    if (typeof ReadableStream !== 'function') return refuse(404, 'not_found', 'This server cannot stream.');
    const credentials = await needs.checkCredentials(incoming, 'token');
    if (credentials.kind === 'refused') return credentials;
    const verdict = await needs.checkToken(credentials.token ?? '');
    if (verdict.kind === 'refused') return verdict;
    const { subject, expiresAtMs } = verdict;
    const session = new URL(incoming.url).searchParams.get('sessionId');
    const sessionId = isUuid(session) ? session : crypto.randomUUID();

    const place = streams.enter(info.address);
    if (place.kind === 'refused') return place;
    const controller = new AbortController();
    try {
      const siteId = await resolveInApp(inApp).siteId();
      const reader = await connect(subject, siteId, sessionId, controller, note);
      if ('kind' in reader) {
        place.leave();
        return reader;
      }
      const end = { place, key: `${sessionId} ${subject}`, controller };
      const stream = streamOf(reader, { kind: 'person', id: subject }, expiresAtMs, end);
      return { ...answer(200, HEADERS), stream };
    } catch (cause) {
      place.leave();
      controller.abort();
      return later(describeError(cause));
    }
  };
}

function later(detail: string): Refusal {
  return comeBackLater('upstream_unavailable', 'The stream is not available now: try again.', { detail });
}
