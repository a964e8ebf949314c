/** Counts what browsers send to the proxy, and how it ends. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Traffic {
  readonly requests: number;
  /** Bytes of the bodies on the wire. */
  readonly bytes: number;
  /** Requests that did not end in 2xx. */
  readonly failed: number;
  /** The status of the latest request; 0: it was cut off. */
  readonly latest: number | null;
}

export interface Meter {
  readonly traffic: () => Traffic;
  count(request: IncomingMessage, response: ServerResponse): void;
}

/** `onCount` is called when a request has ended. */
export function createMeter(onCount: () => void): Meter {
  let traffic: Traffic = { requests: 0, bytes: 0, failed: 0, latest: null };
  return {
    traffic: () => traffic,
    count(request, response) {
      const bytes = Number(request.headers['content-length'] ?? 0);
      response.once('close', () => {
        const latest = response.writableFinished ? response.statusCode : 0;
        const failed = latest < 200 || latest >= 300;
        traffic = {
          requests: traffic.requests + 1,
          bytes: traffic.bytes + bytes,
          failed: traffic.failed + (failed ? 1 : 0),
          latest,
        };
        onCount();
      });
    },
  };
}
