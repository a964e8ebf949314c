// @vitest-environment node
import type { Browser } from 'playwright';
import { describe, expect, test } from 'vitest';
import { amplitude } from '../../../bench/candidates/amplitude.ts';
import { ours } from '../../../bench/candidates/ours.ts';
import { standard } from '../../../bench/candidates/wrapped.ts';
import { fewerOfOthers, type Measure, onlyOurs } from '../../../bench/measure.ts';
import { runMeasure } from '../../../bench/runner.ts';

const noBrowser = {} as Browser;
const CANDIDATES = [ours, standard, amplitude];

/** Records the order of the measurements, which return 1, 2, 3 … */
function recorded(runs: Measure['runs'], failsFor?: string): { measure: Measure; order: string[] } {
  const order: string[] = [];
  const measure: Measure = {
    key: 'sample',
    runs,
    async run(_browser, { key }) {
      order.push(key);
      if (key === failsFor) throw new Error('no page');
      return { values: { row: order.length }, lost: 0 };
    },
  };
  return { measure, order };
}

describe('a measure', () => {
  test('runs the candidates alternately, not one after the other', async () => {
    const { measure, order } = recorded((_candidate, asked) => asked);
    await runMeasure(measure, noBrowser, CANDIDATES, 2);
    expect(order).toEqual(['ours', 'standard', 'amplitude', 'ours', 'standard', 'amplitude']);
  });

  test('runs slow candidates less often, and impossible ones never', async () => {
    const fewer = recorded(fewerOfOthers(1));
    await runMeasure(fewer.measure, noBrowser, CANDIDATES, 3);
    expect(fewer.order).toEqual(['ours', 'standard', 'amplitude', 'ours', 'ours']);
    const alone = recorded(onlyOurs(2));
    await runMeasure(alone.measure, noBrowser, CANDIDATES, 3);
    expect(alone.order).toEqual(['ours', 'ours']);
  });

  test('that fails for one candidate is reported, and continues with the others', async () => {
    const { measure } = recorded((_candidate, asked) => asked, 'standard');
    const { samples, failures } = await runMeasure(measure, noBrowser, CANDIDATES, 1);
    expect(failures).toEqual(['sample, wrapped SDK, standard: Error: no page']);
    expect(samples.standard).toEqual([]);
    expect(samples.ours).toEqual([{ values: { row: 1 }, lost: 0 }]);
    expect(samples.amplitude).toEqual([{ values: { row: 3 }, lost: 0 }]);
  });
});
