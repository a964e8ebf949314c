import type { ProxyLogEntry } from './request-log.ts';
import type { Route } from '../http/routes.ts';
import type { UpstreamState } from '../upstream/upstream.ts';

/** Counts requests for Prometheus. The number of time series is bounded for every input of visitors. */
export interface Metrics {
  /** Counts a request after its response. */
  count(kind: Route['kind'] | 'other', entry: ProxyLogEntry): void;
  /** The metrics in the text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
  text(state: UpstreamState): string;
}

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** Most time series of a counter for each client key. Visitors cannot choose labels, but an upstream may respond with any status. */
const MOST_SERIES = 200;

/** @param keys the number of client keys with a name, which is a label */
export function createMetrics(keys: number): Metrics {
  const createCounter = (): Counter => makeCounter(MOST_SERIES * (keys + 1));
  const requests = createCounter();
  const events = createCounter();
  const errors = createCounter();
  const upstreamAnswers = createCounter();
  const buckets = BUCKETS_SECONDS.map(() => 0);
  let [duration, batches, bodyBytes, upstreamRequests] = [0, 0, 0, 0];
  let [unknown, deduplicateFailures] = [0, 0];

  return {
    count(kind, entry) {
      const key = entry.clientKeyName === undefined ? '' : `,key="${entry.clientKeyName}"`;
      requests.add(`route="${kind}",status="${entry.status}"${key}`, 1);
      if (entry.error !== undefined) errors.add(`error="${entry.error}"${key}`, 1);
      for (const [error, count] of Object.entries(entry.rejected ?? {}))
        events.add(`outcome="${error}"${key}`, count);
      const { events: eventCount, duplicates = 0, filtered = 0 } = entry;
      // `undefined` for a batch that was refused: its events have no outcome yet, and are sent again.
      if (eventCount !== undefined) {
        events.add(`outcome="duplicate"${key}`, duplicates);
        events.add(`outcome="filtered"${key}`, filtered);
        events.add(`outcome="accepted"${key}`, eventCount - duplicates - filtered);
      }
      unknown += entry.unknown ?? 0;
      deduplicateFailures += entry.deduplicateFailures ?? 0;
      bodyBytes += entry.bytes ?? 0;
      upstreamRequests += entry.upstreamRequests ?? 0;
      if (entry.upstreamStatus !== undefined) upstreamAnswers.add(`status="${entry.upstreamStatus}"`, 1);
      if (kind !== 'batch') return;
      const seconds = entry.durationMs / 1_000;
      batches += 1;
      duration += seconds;
      BUCKETS_SECONDS.forEach((most, i) => {
        if (seconds <= most) buckets[i] = (buckets[i] ?? 0) + 1;
      });
    },

    text: ({ health, inFlight, queued }) =>
      [
        ...family('requests_total', 'counter', 'Requests by path, status and client key.', requests.lines()),
        ...family(
          'errors_total',
          'counter',
          'Requests that were refused, by their error and client key.',
          errors.lines(),
        ),
        ...family('events_total', 'counter', 'Events by outcome and client key.', events.lines()),
        ...family(
          'deduplicate_unknown_total',
          'counter',
          'Events that were sent although another replica may have sent them before.',
          [['', unknown]],
        ),
        ...family(
          'deduplicate_failures_total',
          'counter',
          'How often the store of deduplication has failed, or taken too long.',
          [['', deduplicateFailures]],
        ),
        ...family('body_bytes_total', 'counter', 'Bytes of request bodies, decompressed.', [['', bodyBytes]]),
        ...family('batch_duration_seconds', 'histogram', 'Time from a batch to its response.', [
          ...BUCKETS_SECONDS.map((most, i) => [`_bucket{le="${most}"}`, buckets[i] ?? 0] as const),
          ['_bucket{le="+Inf"}', batches],
          ['_sum', duration],
          ['_count', batches],
        ]),
        ...family('upstream_requests_total', 'counter', 'Requests to Customer.io.', [['', upstreamRequests]]),
        ...family(
          'upstream_answers_total',
          'counter',
          'The last answer of Customer.io to a request.',
          upstreamAnswers.lines(),
        ),
        ...family('upstream_in_flight', 'gauge', 'Requests to Customer.io now.', [['', inFlight]]),
        ...family('upstream_queued', 'gauge', 'Deliveries that wait for their turn.', [['', queued]]),
        ...family('upstream_down', 'gauge', '1 while nothing is sent to Customer.io.', [
          ['', health === 'down' ? 1 : 0],
        ]),
        '',
      ].join('\n'),
  };
}

type Line = readonly [suffix: string, value: number];

function family(name: string, type: string, help: string, lines: readonly Line[]): readonly string[] {
  const full = `cio_proxy_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...lines.map(([suffix, value]) => `${full}${suffix} ${value}`),
  ];
}

interface Counter {
  add(labels: string, count: number): void;
  lines(): readonly Line[];
}

function makeCounter(mostSeries: number): Counter {
  const counts = new Map<string, number>();
  return {
    add(labels, count) {
      const total = counts.get(labels);
      if (total === undefined && (count === 0 || counts.size >= mostSeries)) return;
      counts.set(labels, (total ?? 0) + count);
    },
    lines: () => Array.from(counts, ([labels, count]) => [`{${labels}}`, count]),
  };
}
