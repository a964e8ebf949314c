import type { ForwardLogEntry } from '../../proxy.ts';

/** What has become of messages since the start. */
export interface ForwardTally {
  readonly messages: Readonly<Record<ForwardLogEntry['outcome'], number>>;
  readonly events: number;
  readonly rejected: number;
  readonly requests: number;
}

export interface ForwardLog {
  /** Of one message. */
  add(entry: ForwardLogEntry): void;
  /** Tells what is not told yet. */
  flush(): void;
  tally(): ForwardTally;
}

/** A line of the log for messages that have all arrived, which ended within one second. */
export interface ForwardedLine {
  /** ISO 8601: of the first of them. */
  readonly time: string;
  readonly outcome: 'done';
  readonly messages: number;
  readonly events: number;
  /** To Customer.io. */
  readonly requests: number;
  /** The longest that one took. */
  readonly durationMs: number;
}

const GATHER_MS = 1_000;

/** Messages that have arrived whole are one line a second together; each other message is a line of its own. */
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
