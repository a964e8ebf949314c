// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createTitleWatch } from '../../../../src/sdk/page-views/title-watch.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';

interface Page {
  readonly clock: FakeClock;
  title: string;
  isHidden: boolean;
  /** The title each time that it has settled, with the milliseconds that have passed. */
  readonly settled: (readonly [title: string, ms: number])[];
  /** Reports a new URL. */
  visit(): void;
}

function openPage(title = 'Before'): Page {
  const clock = fakeClock();
  const start = clock.now();
  const watch = createTitleWatch({
    clock,
    isHidden: () => page.isHidden,
    title: () => page.title,
    settle: () => void page.settled.push([page.title, clock.now() - start]),
  });
  const page: Page = { clock, title, isHidden: false, settled: [], visit: () => watch(page.title) };
  return page;
}

describe('a title', () => {
  test('has settled when it has changed and then stayed the same for 100 ms', async () => {
    const page = openPage();
    page.visit();
    await page.clock.advance(20);
    page.title = 'Loading';
    await page.clock.advance(100);
    page.title = 'Boots';
    await page.clock.advance(99);
    expect(page.settled).toEqual([]);
    await page.clock.advance(1_000);
    expect(page.settled).toEqual([['Boots', 250]]);
  });

  test('that does not change has settled after a second', async () => {
    const page = openPage();
    page.visit();
    await page.clock.advance(999);
    expect(page.settled).toEqual([]);
    await page.clock.advance(1);
    expect(page.settled).toEqual([['Before', 1_000]]);
  });

  test('that changes all the time is waited for no longer', async () => {
    const page = openPage();
    page.visit();
    for (let i = 1; i <= 40; i++) {
      page.title = `${i} new messages`;
      await page.clock.advance(50);
    }
    expect(page.settled).toHaveLength(1);
    expect(page.settled[0]?.[1]).toBe(1_000);
  });

  test('is looked at once more where nobody looks at the page', async () => {
    const page = openPage();
    page.isHidden = true;
    page.visit();
    await page.clock.advance(20);
    page.title = 'Boots';
    await page.clock.advance(1_000);
    expect(page.settled).toEqual([['Boots', 50]]);
    expect(page.clock.timers()).toEqual([]);
  });

  test('is waited for anew when the next address comes, and no timer is left at the end', async () => {
    const page = openPage();
    page.visit();
    await page.clock.advance(980);
    page.visit();
    await page.clock.advance(900);
    expect(page.settled).toEqual([]);
    expect(page.clock.timers()).toHaveLength(1);
    await page.clock.advance(100);
    expect(page.settled).toEqual([['Before', 1_980]]);
    expect(page.clock.timers()).toEqual([]);
  });
});
