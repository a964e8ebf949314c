import { type Bar, barChart, type BarChart } from './bar-chart.ts';
import { CANDIDATE_KEYS, type CandidateKey } from './candidate.ts';
import { grouped, type Line } from './table.ts';

interface Subject extends Omit<BarChart, 'bars'> {
  /** Whose medians. */
  readonly row: string;
  readonly text: (value: number) => string;
  /** Where these differ from the usual, and those to leave out. */
  readonly labels?: Readonly<Partial<Record<CandidateKey, string | null>>>;
}

const LABELS: Readonly<Record<CandidateKey, string>> = {
  ours: 'cio-first-party',
  standard: 'Customer.io, standard',
  batching: 'Customer.io, batching',
  amplitude: 'Amplitude',
};

const micros = (value: number): string => `${grouped(value, value < 100 ? 1 : 0)}\u00A0µs`;
const bytes = (value: number): string => `${grouped(value, 0)}\u00A0B`;
const kilobytes = (value: number): string => `${grouped(value / 1_000, 1)}\u00A0kB`;
const seconds = (value: number): string => `${grouped(value / 1_000, 1)}\u00A0s`;

/** By the name of the file. */
const SUBJECTS: Readonly<Record<string, Subject>> = {
  'cost-of-a-call': {
    row: 'task-10000',
    title: 'What one track() costs the page',
    subtitle:
      'Main-thread time per call in a burst of 10 000. Logarithmic scale: each line is ten times the one before.',
    scale: 'log',
    tick: (value) => `${grouped(value, 0)} µs`,
    text: micros,
  },
  'bytes-per-event': {
    row: 'bytes-per-event-10000',
    title: 'What one event weighs on the wire',
    subtitle: 'Bytes sent per event, HTTP headers included, for 10 000 events. Shorter is better.',
    scale: 'linear',
    text: bytes,
  },
  'bytes-to-load': {
    row: 'bytes',
    title: 'What a page loads before it can track',
    subtitle: 'Minified and gzipped, as each package ships it for a script tag. Shorter is better.',
    scale: 'linear',
    text: kilobytes,
    labels: { standard: 'Customer.io', batching: null },
  },
  'time-to-deliver': {
    row: 'delivered-10000',
    title: 'How long 10 000 events take to arrive',
    subtitle: 'From the last call until the server on the same machine has all of them. Shorter is better.',
    scale: 'linear',
    text: seconds,
  },
};

/** The pictures of the documentation; none for what was not measured. */
export const chartsOf = (lines: readonly Line[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(SUBJECTS).flatMap(([name, subject]): readonly (readonly [string, string])[] => {
      const values = lines.find(({ row }) => row.key === subject.row)?.values;
      const bars = CANDIDATE_KEYS.flatMap((key): readonly Bar[] => {
        const value = values?.[key];
        const label = subject.labels?.[key] === undefined ? LABELS[key] : subject.labels[key];
        if (value === undefined || label === null) return [];
        return [{ label, value, text: subject.text(value), isOurs: key === 'ours' }];
      });
      return bars.length > 1 ? [[name, barChart({ ...subject, bars })] as const] : [];
    }),
  );
