/** Server-Sent Events to everyone who is watching. https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Stream {
  /** Begins one watcher's stream with `first` and keeps it open. */
  open(request: IncomingMessage, response: ServerResponse, first: unknown): void;
  /** Tells all watchers. */
  send(name: string, message: unknown): void;
  close(): void;
}

/** Some proxies cut a connection that is silent for a minute. */
const HEARTBEAT_MS = 20_000;

export function createStream(): Stream {
  const watchers = new Set<ServerResponse>();
  const heartbeat = setInterval(() => {
    for (const watcher of watchers) watcher.write(': still here\n\n');
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    open(request, response, first) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write(`retry: 1000\n${format('snapshot', first)}`);
      watchers.add(response);
      request.once('close', () => watchers.delete(response));
    },
    send(name, message) {
      for (const watcher of watchers) watcher.write(format(name, message));
    },
    close() {
      clearInterval(heartbeat);
      for (const watcher of watchers) watcher.end();
    },
  };
}

function format(name: string, message: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(message)}\n\n`;
}
