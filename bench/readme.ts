import { CANDIDATE_KEYS } from './candidate.ts';
import { type Line, targetText, withUnit } from './table.ts';
import { verdictOf } from './verdict.ts';

/** The rows that the documentation shows, in its words; the whole table is in results.json. */
const SHOWN: Readonly<Record<string, string>> = {
  bytes: 'to load before the first event, gzipped',
  start: 'script evaluated, SDK made, first `track()` returned',
  'task-2000': 'one `track()` of 2 000, main-thread time',
  'task-10000': 'one `track()` of 10 000, main-thread time',
  'longest-10000': 'longest task from then until all are delivered',
  'durable-one': 'one event: call to durable in IndexedDB, p95',
  'durable-all': '10 000 events: last call to all durable',
  'requests-10000': '10 000 events: requests',
  'bytes-per-event-10000': '10 000 events: bytes on the wire per event',
  'delivered-10000': '10 000 events: last call to all delivered',
  'paced-bytes': 'one event each 50 ms: bytes on the wire per event',
  heap: 'JS heap after 100 000 delivered events',
  'idle-timers': 'timers while idle',
  'hidden-timers': 'timers while hidden',
  'idle-script': 'JavaScript run in 10 idle seconds',
};

const BEGIN = '<!-- begin: npm run bench -->';
const END = '<!-- end: npm run bench -->';

/** The documentation with the table of these numbers between its two marks; unchanged when it has none. */
export function intoReadme(readme: string, lines: readonly Line[]): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) return readme;
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${markdown(lines)}\n\n${readme.slice(end)}`;
}

export function markdown(lines: readonly Line[]): string {
  const rows = Object.entries(SHOWN).flatMap(([key, title]): readonly (readonly string[])[] => {
    const line = lines.find(({ row }) => row.key === key);
    if (!line) return [];
    const { row, values } = line;
    const numbers = CANDIDATE_KEYS.map((each) => {
      const value = values[each];
      return value === undefined ? '' : withUnit(value, row);
    });
    const targets = row.targets.map((target) => `${targetText(target, row)}: ${verdictOf(target, values)}`);
    return [[title, ...numbers, targets.join('; ')]];
  });
  const heading = ['', 'ours', 'Customer.io, standard', 'Customer.io, batching', 'Amplitude', 'target'];
  const aligned = ['---', ...CANDIDATE_KEYS.map(() => '---:'), '---'];
  return [heading, aligned, ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
