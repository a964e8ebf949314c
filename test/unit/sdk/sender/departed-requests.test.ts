// @vitest-environment node
/** The next page learns from cookies whether the last requests of earlier pages have succeeded. */
import { describe, expect, test } from 'vitest';
import { awaitDepartedRequests, type DepartedNeeds } from '../../../../src/sdk/sender/departed-requests.ts';
import { type FakeClock, fakeClock, settled, START_MS } from '../../../fakes/clock.ts';
import { type FakeTextStore, fakeTextStore } from '../../../fakes/text-store.ts';

const SCOPE = 'cio-first-party:web';

interface NextPage {
  readonly clock: FakeClock;
  readonly local: FakeTextStore;
  readonly cookies: Set<string>;
  /** The events that are not sent for now. */
  readonly held: Set<string>;
  readonly acknowledged: readonly string[];
  /** Records the requests that a page has left behind. */
  wrote(page: string, requests: readonly unknown[], at?: number): void;
  look(): Promise<void>;
  stop(): void;
  /** Makes every further write wait for ever. */
  holdDisk(): void;
}

function nextPage(): NextPage {
  const clock = fakeClock();
  const local = fakeTextStore();
  const cookies = new Set<string>();
  const held = new Set<string>();
  const acknowledged: string[] = [];
  const closing = new AbortController();
  let disk = Promise.resolve();
  const needs: DepartedNeeds = {
    local,
    clock,
    ending: closing.signal,
    scope: SCOPE,
    page: 'THISPAGE',
    sender: {
      hold(events) {
        for (const { id } of events) held.add(id);
        return () => {
          for (const { id } of events) held.delete(id);
        };
      },
      async acknowledge(events) {
        await disk;
        acknowledged.push(...events.map(({ id }) => id));
      },
    },
    jar: {
      read: () => [...cookies].map((name) => `cio_ack_${name}=1`).join('; '),
      write: (cookie) => void cookies.delete(/^cio_ack_(\w+)=;Path=\/;Max-Age=0$/.exec(cookie)?.[1] ?? ''),
    },
  };
  return {
    clock,
    local,
    cookies,
    held,
    acknowledged,
    wrote: (page, requests, at = START_MS) =>
      void local.set(`${SCOPE}:left:${page}`, JSON.stringify([at, ...requests])),
    look: () => awaitDepartedRequests(needs),
    stop() {
      closing.abort();
    },
    holdDisk: () => void (disk = new Promise(() => undefined)),
  };
}

test('a cookie that is there says at once that they have arrived; nothing of it stays', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1', 'e2']]]);
  page.cookies.add('A1');
  await page.look();
  await settled();
  expect(page.acknowledged).toEqual(['e1', 'e2']);
  expect([...page.held]).toEqual([]);
  expect(page.local.keys()).toEqual([]);
  expect([...page.cookies]).toEqual([]);
  expect(page.clock.timers()).toEqual([]);
});

test('a cookie that comes later is seen within a quarter of a second', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1', 'e2']]]);
  await page.look();
  expect([...page.held]).toEqual(['e1', 'e2']);
  await page.clock.advance(2_000);
  page.cookies.add('A1');
  await page.clock.advance(250);
  expect(page.acknowledged).toEqual(['e1', 'e2']);
  expect([...page.held]).toEqual([]);
  expect(page.clock.timers()).toEqual([]);
});

test('without a cookie they are let go after five seconds, to be sent again', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1']]]);
  await page.look();
  await page.clock.advance(4_900);
  expect([...page.held]).toEqual(['e1']);
  await page.clock.advance(250);
  expect([...page.held]).toEqual([]);
  expect(page.acknowledged).toEqual([]);
  expect(page.local.keys()).toEqual([]);
  expect(page.clock.timers()).toEqual([]);
});

test('what was left longer ago than that is not waited for, and its cookie counts all the same', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1']]], START_MS - 86_400_000);
  page.wrote('B', [['B1', ['f1']]], START_MS - 86_400_000);
  page.cookies.add('B1');
  await page.look();
  await settled();
  expect([...page.held]).toEqual([]);
  expect(page.acknowledged).toEqual(['f1']);
  expect(page.local.keys()).toEqual([]);
});

test('each request of several pages is seen by itself', async () => {
  const page = nextPage();
  page.wrote('A', [
    ['A1', ['e1']],
    ['A2', ['e2']],
  ]);
  page.wrote('B', [['B1', ['f1']]], START_MS - 3_000);
  page.cookies.add('A2');
  await page.look();
  await settled();
  expect(page.acknowledged).toEqual(['e2']);
  expect([...page.held].sort()).toEqual(['e1', 'f1']);
  expect(JSON.parse(page.local.get(`${SCOPE}:left:A`) ?? '')).toEqual([START_MS, ['A1', ['e1']]]);
  await page.clock.advance(2_250);
  expect([...page.held]).toEqual(['e1']);
  await page.clock.advance(3_000);
  expect([...page.held]).toEqual([]);
});

test('by a clock that was set back since, nothing is waited for', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1']]], START_MS + 86_400_000);
  await page.look();
  await settled();
  expect([...page.held]).toEqual([]);
  expect(page.local.keys()).toEqual([]);
});

test('what this page has written itself is its own affair', async () => {
  const page = nextPage();
  page.wrote('THISPAGE', [['T1', ['e1']]]);
  await page.look();
  expect([...page.held]).toEqual([]);
  expect(page.local.keys()).toHaveLength(1);
});

test('a page that leads a second time looks for the same requests once', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1']]]);
  await page.look();
  await page.look();
  page.cookies.add('A1');
  await page.clock.advance(1_000);
  expect(page.acknowledged).toEqual(['e1']);
  expect(page.clock.timers()).toEqual([]);
});

test('a page that is stopped while it writes down what has arrived leaves it to the next one', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1']]]);
  page.cookies.add('A1');
  page.holdDisk();
  void page.look();
  await settled();
  expect([...page.cookies]).toEqual(['A1']);
  expect(page.local.keys()).toEqual([`${SCOPE}:left:A`]);
});

test('an instance that ends looks once more, writes nothing later, and leaves no timer', async () => {
  const page = nextPage();
  page.wrote('A', [['A1', ['e1']]]);
  page.wrote('B', [['B1', ['f1']]]);
  await page.look();
  page.cookies.add('A1');
  page.stop();
  await settled();
  expect(page.acknowledged).toEqual(['e1']);
  expect([...page.cookies]).toEqual([]);
  expect(page.local.keys()).toEqual([`${SCOPE}:left:B`]);
  expect(page.clock.timers()).toEqual([]);
});

describe('what another script, or a broken disk, has left there', () => {
  test.each([
    ['no JSON', '{'],
    ['nothing', 'null'],
    ['an empty list', '[]'],
    ['an object', '{"at":0}'],
    ['no time', '["now",["A1",["e1"]]]'],
    ['no list', '[0,{"A1":["e1"]}]'],
    ['names that are none', '[0,[1,["e1"]]]'],
    ['ids that are none', '[0,["A1",[1]]]'],
    ['holes', '[0,null]'],
  ])('is thrown away: %s', async (_, text) => {
    const page = nextPage();
    page.local.set(`${SCOPE}:left:A`, text);
    await page.look();
    expect([...page.held]).toEqual([]);
    expect(page.local.keys()).toEqual([]);
  });

  test('or the browser refuses', async () => {
    const page = nextPage();
    page.wrote('A', [['A1', ['e1']]]);
    page.local.refuse('none');
    await page.look();
    expect(page.clock.timers()).toEqual([]);
  });
});
