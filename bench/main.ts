/** Measures this SDK, the one that it wraps, and another vendor's, in one real Chromium. Needs `npm run build`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { findChromium } from '../test/support/setup/chromium.ts';
import { amplitude } from './candidates/amplitude.ts';
import { ours } from './candidates/ours.ts';
import { batching, standard } from './candidates/wrapped.ts';
import { chartsOf } from './charts.ts';
import type { Measure } from './measure.ts';
import { bytes } from './measures/bytes.ts';
import { durable } from './measures/durable.ts';
import { heap } from './measures/heap.ts';
import { idle } from './measures/idle.ts';
import { paced } from './measures/paced.ts';
import { start } from './measures/start.ts';
import { track10000, track2000 } from './measures/track.ts';
import { intoReadme } from './readme.ts';
import { type Circumstances, linesOf, resultsJson } from './results.ts';
import { type Outcome, runMeasure } from './runner.ts';
import { plainTable } from './table.ts';

const MEASURES: readonly Measure[] = [bytes, start, track2000, track10000, durable, paced, heap, idle];
const CANDIDATES = [ours, standard, batching, amplitude];
const QUICK_RUNS = 1;
const README = '../docs/performance.md';

const USAGE = `npm run bench -- [options]
  --runs=5       how often each measure is made (fewer where it takes the others minutes)
  --quick        once
  --only=NAMES   only measures that begin so: ${MEASURES.map(({ key }) => key).join(', ')}
  --sdk=NAMES    only these: ${CANDIDATES.map(({ key }) => key).join(', ')}
Everything together writes bench/results.json, bench/charts, and the table in the documentation.`;

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    sdk: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

/** Those whose key begins with one of the names; all when there are none. */
function chosen<T extends { readonly key: string }>(all: readonly T[], names: string): readonly T[] {
  return all.filter(({ key }) => names.split(',').some((name) => key.startsWith(name.trim())));
}

async function main(): Promise<number> {
  const runs = options.quick ? QUICK_RUNS : Number(options.runs);
  const measures = chosen(MEASURES, options.only);
  const candidates = chosen(CANDIDATES, options.sdk);
  if (options.help || !Number.isInteger(runs) || runs < 1 || !measures.length || !candidates.length) {
    console.log(USAGE);
    return options.help ? 0 : 1;
  }
  const startedAt = Date.now();
  const loadBefore = loadavg()[0] ?? 0;
  if (loadBefore > cpus().length / 2)
    console.error(`This machine is busy (load ${loadBefore}): its times say little.`);
  const executablePath = findChromium();
  const browser = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    // Root has no sandbox, and containers have a small /dev/shm.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });

  const outcomes: Outcome[] = [];
  for (const measure of measures) {
    const began = Date.now();
    outcomes.push(await runMeasure(measure, browser, candidates, runs));
    console.error(`${measure.key}: ${((Date.now() - began) / 1_000).toFixed(0)} s`);
  }
  const chromiumVersion = browser.version();
  await browser.close();

  const lines = linesOf(outcomes);
  console.log(`\n${plainTable(lines)}\n`);
  if (measures.length === MEASURES.length && candidates.length === CANDIDATES.length)
    await writeDown(outcomes, {
      date: new Date(startedAt).toISOString(),
      chromium: chromiumVersion,
      runs,
      tookMs: Date.now() - startedAt,
      loadBefore,
    });

  const failures = outcomes.flatMap((outcome) => outcome.failures);
  for (const failure of failures) console.error(`Not measured: ${failure}`);
  const isLossless = lines.every(({ lost }) => Object.values(lost).every((count) => !count));
  if (!isLossless) console.error('Events were lost: see the table.');
  return failures.length || !isLossless ? 1 : 0;
}

async function writeDown(outcomes: readonly Outcome[], circumstances: Circumstances): Promise<void> {
  const lines = linesOf(outcomes);
  await write('results.json', JSON.stringify(resultsJson(outcomes, circumstances)));
  for (const [name, svg] of Object.entries(chartsOf(lines))) await write(`charts/${name}.svg`, svg);
  const readme = readFileSync(new URL(README, import.meta.url), 'utf8');
  await write(README, intoReadme(readme, lines));
}

/** As `npm run format` would have it. */
async function write(file: string, text: string): Promise<void> {
  const filepath = fileURLToPath(new URL(file, import.meta.url));
  const { inferredParser } = await getFileInfo(filepath);
  const options = await resolveConfig(filepath);
  mkdirSync(dirname(filepath), { recursive: true });
  writeFileSync(filepath, inferredParser ? await format(text, { ...options, filepath }) : text);
}

process.exitCode = await main();
