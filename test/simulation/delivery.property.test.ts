// @vitest-environment node
import { IDBKeyRange } from 'fake-indexeddb';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { indexedDB } from './world/browser.ts';
import { live } from './world/live.ts';
import { KINDS, type Kind, planOf } from './world/plan.ts';
import { createCoverage } from './world/coverage.ts';

/**
 * Simulates the whole SDK in a whole browser: tabs that open and close, a disk, a network, a clock and a
 * visitor, all determined by a seed. The rules are in `test/simulation/world/checks.ts` and `watch-disk.ts`.
 * More worlds: `SEEDS=3000`. One world with its whole story: `SEED=17 STORY=1000`.
 */
const { SEED, SEEDS = '600' } = process.env;
const STEPS = 45;

vi.mock(import('../../src/sdk/browser.ts'), () => import('./world/browser.ts'));
vi.stubGlobal('indexedDB', indexedDB);
vi.stubGlobal('IDBKeyRange', IDBKeyRange);

// Modules are loaded before the test: a file that is read from a real disk while a world's clock stands still
// would make each run a different one.
beforeAll(async () => {
  await Promise.all([
    import('../../src/sdk/outbox/recovery.ts'),
    import('../../src/sdk/sender/diagnosis.ts'),
    import('../../src/sdk/tabs/leader-lease.ts'),
    import('../../src/sdk/core/reclaim.ts'),
    import('../../src/sdk/plugins/pipeline.ts'),
    import('../../src/sdk/plugins/source-middleware.ts'),
  ]);
});

const all = SEED ? [Number(SEED)] : Array.from({ length: Number(SEEDS) }, (_, i) => i + 1);
const seedsOf = (kind: Kind): readonly number[] => all.filter((seed) => planOf(seed).kind === kind);
const kinds = KINDS.filter((kind) => seedsOf(kind).length);
const worlds: Readonly<Record<Kind, string>> = {
  calm: 'pages come and go, and nothing fails',
  network: 'the network fails',
  disk: 'IndexedDB fails',
  crash: 'pages crash, freeze and are stuck',
  storm: 'everything fails',
  consent: 'everything fails, and the visitor withdraws consent and gives it again',
};
const patienceMs = 120_000 + all.length * 2_000;
const coverage = createCoverage();

describe('every event arrives as it was at its call, or is counted as dropped, and every tab is told', () => {
  for (const kind of kinds) {
    const name = `where ${worlds[kind]}`;
    test(name, { timeout: patienceMs }, async () => {
      for (const seed of seedsOf(kind)) coverage.add(await live(seed, STEPS));
    });
  }

  // A single seed does not have to reach every case.
  if (!SEED) {
    test('the simulated worlds have covered every case', () => {
      const { counts } = coverage;
      expect(counts.worlds).toBe(all.length);
      for (const [what, count] of Object.entries(counts))
        expect(count, what).toBeGreaterThan(all.length / 10);
    });
  }
});

test('a seed runs the same story twice', { timeout: patienceMs }, async () => {
  for (const seed of all.slice(0, 6)) {
    const [once, again] = [await live(seed, STEPS), await live(seed, STEPS)];
    expect(again.story).toEqual(once.story);
  }
});
