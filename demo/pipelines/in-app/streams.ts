/** The open streams of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { ServerResponse } from 'node:http';
import type { InAppSettings } from './settings.ts';

/**
 * An event, or text that is sent as it is, such as half an event. The service sends `connected`, `messages`,
 * `inbox_messages`, `heartbeat` and `ttl_exceeded`.
 */
export type Push = { readonly event: string; readonly data: unknown } | { readonly raw: string };

export interface Streams {
  /** Sends the headers and the first event, and keeps the stream until one side closes it. */
  open(userId: string, response: ServerResponse, settings: InAppSettings): void;
  /** The person of each open stream. */
  users(): readonly string[];
  /** Sends to the streams of one person, or to all with `null`. Returns the number of streams. */
  push(userId: string | null, push: Push): number;
  /** Closes the connections of one person, or all with `null`. Returns the number of streams. */
  cut(userId: string | null): number;
}

export function createStreams(): Streams {
  const streams = new Set<{ readonly userId: string; readonly response: ServerResponse }>();
  const of = (userId: string | null) =>
    [...streams].filter((stream) => userId === null || stream.userId === userId);

  return {
    open(userId, response, { connected, heartbeatSeconds }) {
      // A client that has left during a delay sends no second event of its end.
      if (response.destroyed) return;
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-cache',
        Connection: 'keep-alive',
      });
      response.flushHeaders();
      const heartbeat = heartbeatSeconds === null ? {} : { heartbeat: heartbeatSeconds };
      if (connected) response.write(textOf({ event: 'connected', data: heartbeat }));
      const stream = { userId, response };
      streams.add(stream);
      const beat =
        heartbeatSeconds === null
          ? undefined
          : setInterval(
              () => response.write(textOf({ event: 'heartbeat', data: {} })),
              heartbeatSeconds * 1_000,
            );
      beat?.unref();
      response.once('close', () => {
        clearInterval(beat);
        streams.delete(stream);
      });
    },
    users: () => Array.from(streams, ({ userId }) => userId),
    push(userId, push) {
      const reached = of(userId);
      for (const { response } of reached) response.write(textOf(push));
      return reached.length;
    },
    cut(userId) {
      const reached = of(userId);
      for (const stream of reached) {
        streams.delete(stream);
        stream.response.destroy();
      }
      return reached.length;
    },
  };
}

function textOf(push: Push): string {
  return 'raw' in push ? push.raw : `event: ${push.event}\ndata: ${JSON.stringify(push.data)}\n\n`;
}
