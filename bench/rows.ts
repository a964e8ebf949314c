import type { Target } from './verdict.ts';

/** One line of the table: a number that measures give by this key. */
export interface Row {
  readonly key: string;
  /** The measure that gives it. */
  readonly measure: string;
  readonly title: string;
  readonly unit: 'B' | 'ms' | 'µs' | 'MB' | '';
  readonly digits: number;
  /** None: only for reading. */
  readonly targets: readonly Target[];
}

const atMost = (limit: number): Target => ({ kind: 'at most', limit });
const times = (limit: number, other: 'standard' | 'amplitude'): Target => ({ kind: 'times', limit, other });

const CALL_TARGETS = [times(0.03, 'standard'), times(2, 'amplitude')];

/** The time that the page stands still, and what of it the processor works: a busy machine makes only the first longer. */
const perCall = (count: number, said: string): readonly Row[] => [
  {
    key: `task-${count}`,
    measure: `track-${count}`,
    title: `one track() in a burst of ${said}, main-thread time`,
    unit: 'µs',
    digits: 1,
    targets: CALL_TARGETS,
  },
  {
    key: `cpu-${count}`,
    measure: `track-${count}`,
    title: '… on the processor (without waiting for cookies and storage)',
    unit: 'µs',
    digits: 1,
    targets: CALL_TARGETS,
  },
];

export const ROWS: readonly Row[] = [
  {
    key: 'bytes',
    measure: 'bytes',
    title: 'to load before the first event, gzip -9',
    unit: 'B',
    digits: 0,
    targets: [times(0.55, 'standard')],
  },
  {
    key: 'start',
    measure: 'start',
    title: 'evaluation, creation, first track() returned',
    unit: 'ms',
    digits: 1,
    targets: [times(0.6, 'standard')],
  },
  {
    key: 'start-cpu',
    measure: 'start',
    title: '… on the processor, with what it leaves to microtasks',
    unit: 'ms',
    digits: 1,
    targets: [times(0.6, 'standard')],
  },
  {
    key: 'start-taken',
    measure: 'start',
    title: '… until the SDK itself has that event (ours: durably)',
    unit: 'ms',
    digits: 0,
    targets: [],
  },
  {
    key: 'start-arrived',
    measure: 'start',
    title: '… until that event is at the server',
    unit: 'ms',
    digits: 0,
    targets: [],
  },
  ...perCall(2_000, '2 000'),
  ...perCall(10_000, '10 000'),
  {
    key: 'longest-10000',
    measure: 'track-10000',
    title: 'longest task after that, until all are delivered',
    unit: 'ms',
    digits: 0,
    targets: [atMost(50)],
  },
  {
    key: 'durable-one',
    measure: 'durable',
    title: 'one event: call to durable, p95',
    unit: 'ms',
    digits: 1,
    targets: [atMost(10)],
  },
  {
    key: 'durable-all',
    measure: 'durable',
    title: '10 000 events: last call to all durable',
    unit: 'ms',
    digits: 0,
    targets: [atMost(300)],
  },
  {
    key: 'requests-10000',
    measure: 'track-10000',
    title: '10 000 events: requests',
    unit: '',
    digits: 0,
    targets: [atMost(110)],
  },
  {
    key: 'bytes-per-event-10000',
    measure: 'track-10000',
    title: '… bytes on the wire per event',
    unit: 'B',
    digits: 0,
    targets: [atMost(60)],
  },
  {
    key: 'delivered-10000',
    measure: 'track-10000',
    title: '… last call to all delivered',
    unit: 'ms',
    digits: 0,
    targets: [atMost(3_000)],
  },
  {
    key: 'paced-bytes',
    measure: 'paced',
    title: 'one event each 50 ms: bytes on the wire per event',
    unit: 'B',
    digits: 0,
    targets: [atMost(90)],
  },
  {
    key: 'paced-requests',
    measure: 'paced',
    title: '… requests for 200 events',
    unit: '',
    digits: 0,
    targets: [],
  },
  {
    key: 'heap',
    measure: 'heap',
    title: 'JS heap, after 100 000 delivered events',
    unit: 'MB',
    digits: 2,
    targets: [atMost(2)],
  },
  {
    key: 'heap-10000',
    measure: 'track-10000',
    title: 'JS heap, after 10 000 delivered events',
    unit: 'MB',
    digits: 2,
    targets: [],
  },
  ...(['idle', 'hidden'] as const).flatMap((state): readonly Row[] => [
    {
      key: `${state}-timers`,
      measure: 'idle',
      title: `${state} for 10 s: timers waiting or run`,
      unit: '',
      digits: 0,
      targets: [atMost(0)],
    },
    {
      key: `${state}-script`,
      measure: 'idle',
      title: '… JavaScript run',
      unit: 'ms',
      digits: 1,
      targets: [atMost(0)],
    },
    {
      key: `${state}-tasks`,
      measure: 'idle',
      title: '… main thread busy, the browser’s own work included',
      unit: 'ms',
      digits: 1,
      targets: [],
    },
  ]),
];
