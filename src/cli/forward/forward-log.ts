import type { ForwardLogEntry } from '../../proxy.ts';

/** Counts of messages and events since the start. */
export interface ForwardTally {
  /** Messages by their outcome. */
  readonly messages: Readonly<Record<ForwardLogEntry['outcome'], number>>;
  readonly events: number;
  readonly rejected: number;
  readonly requests: number;
}

/** The log of a forwarder. */
export interface ForwardLog {
  /** Adds the log entry of one message. */
  add(entry: ForwardLogEntry): void;
  /** Writes the line that is still being gathered. */
  flush(): void;
  /** Returns the counts. */
  tally(): ForwardTally;
}

/** A log line for all messages that were forwarded completely within one second. */
export interface ForwardedLine {
  /** The time of the first message, in ISO 8601. */
  readonly time: string;
  readonly outcome: 'done';
  readonly messages: number;
  readonly events: number;
  /** The number of requests to Customer.io. */
  readonly requests: number;
  /** The longest time of a message, in milliseconds. */
  readonly durationMs: number;
}

const GATHER_MS = 1_000;

/**
 * Creates a log with one line per second for messages that were forwarded completely, and a line for each other
 * message.
 */
export function createForwardLog(print: (line: object) => void): ForwardLog {
  const messages = { done: 0, later: 0, never: 0 };
  let [events, rejected, requests] = [0, 0, 0];
  let line: { -readonly [Name in keyof ForwardedLine]: ForwardedLine[Name] } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (line) print(line);
    line = undefined;
  }

  return {
    add(entry) {
      messages[entry.outcome] += 1;
      requests += entry.upstreamRequests ?? 0;
      rejected += entry.rejected?.length ?? 0;
      if (entry.outcome === 'done') events += entry.events - (entry.rejected?.length ?? 0);
      if (entry.outcome !== 'done' || entry.rejected) {
        print(entry);
        return;
      }
      line ??= { time: entry.time, outcome: 'done', messages: 0, events: 0, requests: 0, durationMs: 0 };
      line.messages += 1;
      line.events += entry.events;
      line.requests += entry.upstreamRequests ?? 0;
      line.durationMs = Math.max(line.durationMs, entry.durationMs);
      timer ??= setTimeout(flush, GATHER_MS);
    },
    flush,
    tally: () => ({ messages: { ...messages }, events, rejected, requests }),
  };
}
