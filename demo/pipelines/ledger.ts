/** Remembers what Customer.io was sent: the events that it kept, and every request. */
import type { ReceivedEvent } from './call.ts';

/** One request, as it came and as it was answered. */
export interface ReceivedRequest {
  /** ISO 8601. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** Bytes of the body on the wire. */
  readonly bytes: number;
  readonly contentEncoding: string | null;
  /** Whether there was an `Authorization` header; its value is not kept. */
  readonly authorization: boolean;
  readonly strict: boolean;
  readonly status: number;
  /** All headers but `authorization`. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Ledger {
  events(): readonly ReceivedEvent[];
  requests(): readonly ReceivedRequest[];
  record(request: ReceivedRequest, events: readonly ReceivedEvent[]): void;
  forgetEvents(): void;
  forgetRequests(): void;
  /** Tells of every request and the events that it brought; returns its own stop. */
  onRecord(listener: (request: ReceivedRequest, events: readonly ReceivedEvent[]) => void): () => void;
}

/** Keeps the newest `limit` events and requests. @default 100000 */
export function createLedger(limit = 100_000): Ledger {
  let events: ReceivedEvent[] = [];
  let requests: ReceivedRequest[] = [];
  const listeners = new Set<(request: ReceivedRequest, events: readonly ReceivedEvent[]) => void>();
  return {
    events: () => events,
    requests: () => requests,
    record(request, arrived) {
      for (const event of arrived) events.push(event);
      requests.push(request);
      if (events.length > limit) events = events.slice(-limit);
      if (requests.length > limit) requests = requests.slice(-limit);
      for (const listener of listeners) listener(request, arrived);
    },
    forgetEvents() {
      events = [];
    },
    forgetRequests() {
      requests = [];
    },
    onRecord(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
