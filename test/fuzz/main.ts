/**
 * Sends random requests of visitors and attackers, and damaged ones, to a proxy, and checks each response,
 * each outgoing request and each log line.
 * `npm run fuzz -- --requests=1000000 --from=1 --door=fetch|node`. One seed alone: `--seed=17`.
 */
import { parseArgs } from 'node:util';
import { openFetch, openNode } from './doors.ts';
import { live, REQUESTS_PER_SEED, type Tally } from './live.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    door: { type: 'string', default: 'fetch' },
  },
});

/** Some runs wait for a timer; meanwhile other runs continue. */
const SIDE_BY_SIDE = 128;

const open = values.door === 'node' ? openNode : openFetch;
const first = Number(values.seed ?? values.from);
const seeds = values.seed === undefined ? Math.ceil(Number(values.requests) / REQUESTS_PER_SEED) : 1;
const tally: Tally = {};
const started = performance.now();
let next = first;

async function work(): Promise<void> {
  while (next < first + seeds) {
    const seed = next;
    next += 1;
    await live(seed, open, tally);
    if (seed % 400 === 0) console.log(`seed ${seed}`);
  }
}

await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
const seconds = Math.round((performance.now() - started) / 1_000);
console.log(
  `${seeds * REQUESTS_PER_SEED} requests through ${values.door}, seeds ${first} to ${next - 1}, ${seconds} s`,
);
console.table(tally);
