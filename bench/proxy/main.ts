/**
 * Measures the proxy against the sample of Customer.io's guide and against a server that only parses, on one machine, one
 * after the other, several times. Linux. Needs `npm run build`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { median } from '../statistics.ts';
import { measureRates } from './rates.ts';
import { EVENTS_PER_BATCH } from './load.ts';
import {
  type CandidateName,
  type Cost,
  costOfDeduplication,
  memoryOver,
  type Run,
  runCandidate,
} from './run.ts';

/** The page whose tables this program writes. */
const PAGE = '../../docs/performance.md';

const NAMES: readonly CandidateName[] = ['ours', 'guide', 'bare'];
const MEMORY_BATCHES = 10_000;
const COST_PROCESSES = 3;
const COST_PAIRS = 30;
const MOST_COST = 0.05;
const USAGE = `npm run bench:proxy -- [--runs=3] [--seconds=6] [--quick] [--cost] [--rates]
Everything together writes bench/proxy/results.json and the tables in the documentation; --quick writes nothing, nor does --cost,
which measures the cost of deduplication alone. --rates measures small batches alone, and writes their table.`;

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    quick: { type: 'boolean', default: false },
    cost: { type: 'boolean', default: false },
    rates: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

type Results = Readonly<Record<CandidateName, Run>>;

interface Row {
  readonly title: string;
  readonly key: keyof Run;
  readonly unit: string;
  /** What ours is measured by. */
  target(results: Results): readonly [text: string, isMet: boolean];
}

const over = (results: Results, name: CandidateName): number =>
  results.ours.eventsPerCoreSecond / results[name].eventsPerCoreSecond;

const ROWS: readonly Row[] = [
  {
    title: 'events that arrived, a second and core',
    key: 'eventsPerCoreSecond',
    unit: '',
    target: (results) => [
      `${over(results, 'guide').toFixed(1)} × the guide's (≥ 10), ${over(results, 'bare').toFixed(2)} × the bare one (≥ 0.5)`,
      over(results, 'guide') >= 10 && over(results, 'bare') >= 0.5,
    ],
  },
  { title: 'events a second', key: 'eventsPerSecond', unit: '', target: () => ['', true] },
  { title: 'answer, p50', key: 'p50Ms', unit: 'ms', target: () => ['', true] },
  { title: 'answer, p99', key: 'p99Ms', unit: 'ms', target: () => ['', true] },
  {
    title: 'answer at half of that load, p99',
    key: 'p99AtHalfMs',
    unit: 'ms',
    target: ({ ours }) => ['≤ 50 ms', ours.p99AtHalfMs <= 50],
  },
  { title: 'memory', key: 'residentMb', unit: 'MB', target: () => ['', true] },
];

async function main(): Promise<number> {
  const runs = options.quick ? 1 : Number(options.runs);
  const seconds = options.quick ? 2 : Number(options.seconds);
  if (options.help || !(runs > 0) || !(seconds > 0)) {
    console.log(USAGE);
    return options.help ? 0 : 1;
  }
  const load = loadavg()[0] ?? 0;
  if (load > cpus().length / 2) console.error(`This machine is busy (load ${load}): its times say little.`);

  if (options.cost) {
    const { part, withoutUs, withUs } = await costOfDeduplication(COST_PROCESSES, COST_PAIRS);
    const times = `${withoutUs.toFixed(0)} → ${withUs.toFixed(0)} µs a batch`;
    console.log(`cost of deduplication: ${percent(part)}, ${times}`);
    return 0;
  }
  const rates = await measureRates(runs, seconds);
  console.log(`\n${joined(rates.lines)}\n`);
  if (!options.quick) await write(PAGE, intoReadme(readme(), RATES, joined(rates.lines)));
  if (options.rates) return rates.isMet ? 0 : 1;

  const all: Record<CandidateName, Run[]> = { ours: [], guide: [], bare: [] };
  for (let turn = 0; turn < runs; turn += 1)
    for (const name of NAMES) {
      all[name].push(await runCandidate(name, seconds));
      console.error(`${name}, run ${turn + 1}: ${JSON.stringify(all[name].at(-1))}`);
    }
  const results = { ours: middle(all.ours), guide: middle(all.guide), bare: middle(all.bare) };
  const memoryMb = await memoryOver(options.quick ? MEMORY_BATCHES / 10 : MEMORY_BATCHES);
  const cost = await costOfDeduplication(options.quick ? 1 : COST_PROCESSES, options.quick ? 4 : COST_PAIRS);

  const table = markdown(results, memoryMb, cost);
  console.log(`\n${table}\n`);
  if (!options.quick) {
    await write(
      'results.json',
      JSON.stringify({ runs, seconds, load, results, rates: rates.results, memoryMb, cost }),
    );
    await write(PAGE, intoReadme(readme(), ALL, table));
  }
  const isMet =
    rates.isMet &&
    ROWS.every(({ target }) => target(results)[1]) &&
    isFlat(memoryMb) &&
    cost.part <= MOST_COST;
  return isMet ? 0 : 1;
}

function middle(runs: readonly Run[]): Run {
  const keys = ROWS.map(({ key }) => key);
  return Object.fromEntries(keys.map((key) => [key, median(runs.map((run) => run[key]))])) as unknown as Run;
}

/** From the second tenth on, when code is compiled and the heap has its size: no more than a fifth. */
function isFlat([, second = 0, ...rest]: readonly number[]): boolean {
  return (rest.at(-1) ?? 0) <= second * 1.2;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function markdown(results: Results, memoryMb: readonly number[], { part }: Cost): string {
  const number = (value: number): string =>
    value >= 100 ? Math.round(value).toLocaleString('en').replaceAll(',', ' ') : value.toFixed(1);
  const lines = ROWS.map(({ title, key, unit, target }) => {
    const [text, isMet] = target(results);
    const cells = NAMES.map((name) => `${number(results[name][key])} ${unit}`.trim());
    return [title].concat(cells, isMet ? text : `**missed**: ${text}`);
  });
  const [, second = 0] = memoryMb;
  const million = `memory over ${number((MEMORY_BATCHES * EVENTS_PER_BATCH) / 1e6)} million events`;
  const flat = `${number(second)} MB after a fifth, ${number(memoryMb.at(-1) ?? 0)} MB at the end`;
  const rows = [
    ['', 'this proxy', "the guide's Node sample", 'bare `node:http`', 'target'],
    ['---', '---', '---', '---', '---'],
    ...lines,
    [million, flat, '', '', isFlat(memoryMb) ? 'flat' : '**missed**: flat'],
    ['cost of deduplication', percent(part), '', '', `${part <= MOST_COST ? '' : '**missed**: '}≤ 5 %`],
  ];
  return joined(rows);
}

function joined(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const ALL = 'npm run bench:proxy';
const RATES = 'npm run bench:proxy -- --rates';

const readme = (): string => readFileSync(fileOf(PAGE), 'utf8');

/** `command`: whose table it is. */
function intoReadme(readme: string, command: string, table: string): string {
  const mark = `<!-- begin: ${command} -->`;
  const begin = readme.indexOf(mark);
  const end = readme.indexOf(`<!-- end: ${command} -->`);
  if (begin < 0 || end < begin) return readme;
  return `${readme.slice(0, begin + mark.length)}\n\n${table}\n\n${readme.slice(end)}`;
}

function fileOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** As `npm run format` would have it. */
async function write(file: string, text: string): Promise<void> {
  const filepath = fileOf(file);
  writeFileSync(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
}

process.exitCode = await main();
