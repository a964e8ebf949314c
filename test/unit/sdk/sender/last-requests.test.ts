// @vitest-environment node
/**
 * Requests whose responses a page may not be able to read have names, and the next page is told about them.
 */
import { describe, expect, test } from 'vitest';
import { settled } from '../../../fakes/clock.ts';
import { events } from '../../../fakes/events.ts';
import { CUT_OFF, DELIVERED } from '../../../fakes/transport.ts';
import { type Bench, bench } from './setup.ts';

/** Stores events without sending any of them before the page leaves. */
async function captured({ sender, store }: Bench, prefix: string, count: number): Promise<void> {
  const all = events(prefix, count);
  for (const event of all) sender.captured(event);
  await store(all);
}

describe('the last request of a page', () => {
  test('has a name, and which events went with it is written down in the same task', async () => {
    const page = bench({ isSameOrigin: true });
    await captured(page, 'e', 3);
    page.transport.respond('silence');
    page.sender.leaving([]);
    expect(page.transport.sent).toMatchObject([{ ids: ['e1', 'e2', 'e3'], leaving: true, name: 'name1' }]);
    expect(page.noted()).toEqual(new Map([['name1', ['e1', 'e2', 'e3']]]));
  });

  test('has none on another origin, whose cookies the page cannot read', async () => {
    const page = bench();
    await captured(page, 'e', 3);
    page.sender.leaving([]);
    expect(page.transport.sent).toMatchObject([{ ids: ['e1', 'e2', 'e3'], name: undefined }]);
    expect(page.noted()).toBeUndefined();
  });

  test('is forgotten when the page lives on and reads the answer', async () => {
    const page = bench({ isSameOrigin: true });
    await captured(page, 'e', 3);
    page.cookies.add('name1');
    page.sender.leaving([]);
    await settled();
    expect(page.delivered()).toEqual(['e1', 'e2', 'e3']);
    expect(page.noted()).toEqual(new Map());
    expect([...page.cookies]).toEqual([]);
  });

  test('has arrived where its cookie says so, although the browser gives no answer to a page that was away', async () => {
    const page = bench({ isSameOrigin: true });
    await captured(page, 'e', 3);
    page.transport.respondOnce('silence');
    page.sender.leaving([]);
    page.cookies.add('name1');
    page.transport.answerAll(CUT_OFF);
    await page.clock.advance(10_000);
    expect(page.delivered()).toEqual(['e1', 'e2', 'e3']);
    expect(page.transport.sent).toHaveLength(1);
  });

  test('is sent again where there is neither answer nor cookie', async () => {
    const page = bench({ isSameOrigin: true });
    await captured(page, 'e', 3);
    page.transport.respondOnce('silence');
    page.sender.leaving([]);
    page.transport.answerAll(CUT_OFF);
    await page.clock.advance(10_000);
    expect(page.transport.batches()).toHaveLength(2);
    expect(page.delivered()).toEqual(['e1', 'e2', 'e3']);
  });
});

describe('an ordinary request', () => {
  test('has no name, and so takes no cookies along', async () => {
    const page = bench({ isSameOrigin: true });
    await page.track(events('e', 3));
    expect(page.transport.sent).toMatchObject([{ name: undefined }]);
    page.sender.leaving([]);
    expect(page.noted()).toBeUndefined();
  });

  test('has one where another tab would send its events again when this one is closed', async () => {
    const page = bench({ isSameOrigin: true });
    page.inherit(true);
    page.transport.respond('silence');
    await page.track(events('e', 3));
    expect(page.transport.sent).toMatchObject([{ name: 'name1' }]);
    page.sender.leaving([]);
    expect(page.noted()).toEqual(new Map([['name1', ['e1', 'e2', 'e3']]]));
  });

  test('is never one that only asks whether the proxy is there', async () => {
    const page = bench({ isSameOrigin: true });
    page.inherit(true);
    page.transport.respond(CUT_OFF);
    await page.track(events('e', 1));
    await page.clock.advance(60_000);
    const probes = page.transport.sent.filter(({ ids }) => !ids.length);
    expect(probes.length).toBeGreaterThan(0);
    expect(probes.every(({ name }) => name === undefined)).toBe(true);
  });
});

describe('events that went with the last request of another page', () => {
  const stored = (ids: readonly string[]) => ids.map((id) => ({ id, at: 0, json: '', bytes: 0, place: 0 }));

  test('are not sent while they are held, and others are', async () => {
    const page = bench();
    const letGo = page.sender.hold(stored(['e1', 'e2']));
    await page.track(events('e', 4));
    await page.clock.advance(2_000);
    expect(page.transport.batches()).toEqual([['e3', 'e4']]);
    letGo();
    await page.clock.advance(2_000);
    expect(page.transport.batches()).toEqual([
      ['e3', 'e4'],
      ['e1', 'e2'],
    ]);
    expect(page.ledger()).toMatchObject({ delivered: 4, pending: 0 });
  });

  test('are delivered when their answer is known, and never sent', async () => {
    const page = bench();
    const letGo = page.sender.hold(stored(['e1', 'e2']));
    await page.track(events('e', 2));
    await page.sender.acknowledge(stored(['e1', 'e2']));
    letGo();
    await page.clock.advance(10_000);
    expect(page.delivered()).toEqual(['e1', 'e2']);
    expect(page.ledger()).toMatchObject({ delivered: 2, pending: 0 });
    expect(page.transport.sent).toEqual([]);
    expect(page.clock.timers()).toEqual([]);
  });
});

describe('a first event', () => {
  test('waits for others, and for its page to be left', async () => {
    const page = bench({ gatherMs: 250 });
    await page.track(events('e', 1));
    await page.clock.advance(200);
    await page.track(events('f', 1));
    expect(page.transport.sent).toEqual([]);
    await page.clock.advance(50);
    expect(page.transport.batches()).toEqual([['e1', 'f1']]);
  });

  test('goes with the last request where the page is left before that', async () => {
    const page = bench({ gatherMs: 250, isSameOrigin: true });
    page.transport.respond(DELIVERED);
    await page.track(events('e', 2));
    await page.clock.advance(30);
    page.sender.leaving([]);
    await page.clock.advance(1_000);
    expect(page.transport.sent).toMatchObject([{ ids: ['e1', 'e2'], leaving: true, name: 'name1' }]);
  });

  test('does not wait where a batch is full', async () => {
    const page = bench({ gatherMs: 250, batch: { maxEvents: 2, maxBytes: 10_000 } });
    await page.track(events('e', 2));
    expect(page.transport.batches()).toEqual([['e1', 'e2']]);
  });

  test('does not wait for longer because another one comes', async () => {
    const page = bench({ gatherMs: 250 });
    for (let i = 1; i <= 5; i++) {
      await page.track(events('e', 1, i));
      await page.clock.advance(60);
    }
    expect(page.transport.batches()[0]).toEqual(['e1', 'e2', 'e3', 'e4', 'e5']);
  });
});
