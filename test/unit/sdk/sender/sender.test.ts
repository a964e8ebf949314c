// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../src/sdk/sender/outcome.ts';
import { createTransport } from '../../../../src/sdk/sender/transport.ts';
import { fakeClock, settled } from '../../../fakes/clock.ts';
import { events, outboxEvent } from '../../../fakes/events.ts';
import { seeded } from '../../../fakes/random.ts';
import { busy, CUT_OFF, DELIVERED, rejected, type SentRequest } from '../../../fakes/transport.ts';
import { type Bench, bench, HOUR_MS, MINUTE_MS } from './setup.ts';

const idsOf = (list: readonly { readonly id: string }[]): readonly string[] => list.map(({ id }) => id);

/** A server that fails on these events, and accepts all others. */
const failingOn =
  (ids: readonly string[], failure: Awaited<ReturnType<Bench['transport']['send']>>) =>
  (request: SentRequest) => (request.ids.some((id) => ids.includes(id)) ? failure : DELIVERED);

function expectBalance({ ledger }: Bench): void {
  const { tracked, delivered, pending, dropped } = ledger();
  expect(delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(tracked);
}

describe('an answer of 2xx', () => {
  test('takes the events out of the outbox', async () => {
    const { track, transport, ledger, delivered } = bench();
    await track(events('e', 3));
    expect(transport.batches()).toEqual([['e1', 'e2', 'e3']]);
    expect(ledger()).toMatchObject({ delivered: 3, pending: 0 });
    expect(delivered()).toEqual(['e1', 'e2', 'e3']);
  });

  test('is told with the number of requests that it took', async () => {
    const { track, transport, clock, told } = bench();
    transport.respondOnce(busy(), busy());
    await track(events('e', 1));
    await clock.advance(MINUTE_MS);
    expect(told.at(-1)).toEqual({ name: 'delivered', payload: { ids: ['e1'], attempts: 3 } });
  });

  test('counts the requests of each batch from one', async () => {
    const { track, transport, clock, told } = bench({ batch: { maxEvents: 2, maxBytes: 10_000 } });
    transport.respondOnce(busy());
    await track(events('e', 4));
    await clock.advance(MINUTE_MS);
    const attempts = told.flatMap(({ name, payload }) => (name === 'delivered' ? [payload.attempts] : []));
    expect(attempts).toEqual([2, 1]);
  });
});

describe('an answer of 2xx that leaves events out', () => {
  const without = (...refused: readonly string[]): Awaited<ReturnType<Bench['transport']['send']>> => ({
    kind: 'delivered',
    refused,
  });

  test('drops those, with a reason, and no other', async () => {
    const page = bench();
    page.transport.respondOnce(without('e2', 'unknown'));
    await page.track(events('e', 3));
    expect(page.delivered()).toEqual(['e1', 'e3']);
    expect(page.told).toContainEqual({
      name: 'dropped',
      payload: { id: 'e2', reason: 'rejected', status: 200 },
    });
    expect(page.ledger()).toMatchObject({ delivered: 2, pending: 0, dropped: { rejected: 1 } });
    expectBalance(page);
    await page.track(events('f', 1));
    await page.clock.advance(MINUTE_MS);
    expect(page.transport.batches()).toEqual([['e1', 'e2', 'e3'], ['f1']]);
  });

  test('delivers nothing where it leaves out all', async () => {
    const page = bench();
    page.transport.respondOnce(without('e1', 'e2'));
    await page.track(events('e', 2));
    expect(page.told.map(({ name }) => name)).toEqual(['dropped', 'dropped']);
    expect(page.ledger()).toMatchObject({ delivered: 0, pending: 0, dropped: { rejected: 2 } });
  });
});

describe('an answer of 401', () => {
  test('keeps everything, tells it, and tries again slowly', async () => {
    const { track, transport, clock, ledger, unauthorized, told } = bench();
    transport.respond({ kind: 'unauthorized', status: 401, body: '' });
    await track(events('e', 2));
    expect(unauthorized()).toBe(1);
    expect(told).toEqual([
      { name: 'retrying', payload: { ids: ['e1', 'e2'], attempt: 1, delayMs: 10_000, status: 401 } },
    ]);
    await clock.advance(HOUR_MS);
    expect(ledger().pending).toBe(2);
    expect(transport.sent.length).toBeLessThan(30);
  });

  test('is over when the key is put right', async () => {
    const { track, transport, clock, delivered } = bench();
    transport.respondOnce({ kind: 'unauthorized', status: 401, body: '' });
    await track(events('e', 2));
    await clock.advance(10_000);
    expect(delivered()).toEqual(['e1', 'e2']);
  });
});

describe.each([408, 425, 429, 500, 502, 503, 504])('an answer of %i', (status) => {
  test('keeps the batch, and sends it again after a while', async () => {
    const { track, transport, clock, delivered, told } = bench();
    transport.respondOnce(busy(status));
    await track(events('e', 2));
    expect(told).toEqual([
      { name: 'retrying', payload: { ids: ['e1', 'e2'], attempt: 1, delayMs: 1_000, status } },
    ]);
    await clock.advance(999);
    expect(transport.batches()).toHaveLength(1);
    await clock.advance(1);
    expect(delivered()).toEqual(['e1', 'e2']);
  });

  test('waits as long as Retry-After says', async () => {
    const { track, transport, clock, delivered } = bench();
    transport.respondOnce(busy(status, 90_000));
    await track(events('e', 2));
    await clock.advance(89_999);
    expect(transport.sent).toHaveLength(1);
    await clock.advance(1);
    expect(delivered()).toEqual(['e1', 'e2']);
  });
});

describe('no answer', () => {
  test('keeps the batch, and sends it again after a while', async () => {
    const { track, transport, clock, delivered, told } = bench();
    transport.respondOnce(CUT_OFF);
    await track(events('e', 2));
    expect(told).toEqual([
      { name: 'retrying', payload: { ids: ['e1', 'e2'], attempt: 1, delayMs: 1_000, status: 0 } },
    ]);
    await clock.advance(1_000);
    expect(delivered()).toEqual(['e1', 'e2']);
  });
});

describe('Retry-After', () => {
  test.each(['online', 'show'] as const)('is not shortened by "%s"', async (moment) => {
    const { track, transport, clock, lifecycle } = bench();
    transport.respondOnce(busy(503, 60_000));
    await track(events('e', 1));
    await clock.advance(30_000);
    lifecycle.happen(moment);
    await settled();
    expect(transport.sent).toHaveLength(1);
    await clock.advance(30_000);
    expect(transport.sent).toHaveLength(2);
  });

  test('is not shortened by a flush, which resolves at once', async () => {
    const { track, transport, clock, sender } = bench();
    transport.respondOnce(busy(503, 60_000));
    await track(events('e', 1));
    await sender.flush();
    expect(transport.sent).toHaveLength(1);
    await clock.advance(60_000);
    expect(transport.sent).toHaveLength(2);
  });

  test('is not shortened by events that come meanwhile', async () => {
    const { track, transport, clock } = bench({ batch: { maxEvents: 3, maxBytes: 10_000 } });
    transport.respondOnce(busy(503, 60_000));
    await track(events('e', 1));
    for (let i = 2; i < 12; i++) {
      await track(events('e', 1, i));
      await clock.advance(5_000);
    }
    expect(transport.sent).toHaveLength(1);
  });

  test('is not shortened by a page that leaves', async () => {
    const { track, transport, sender } = bench();
    transport.respondOnce(busy(503, 60_000));
    await track(events('e', 1));
    sender.leaving([]);
    await settled();
    expect(transport.sent).toHaveLength(1);
  });

  test('is honoured when it comes to what was sent as the page was leaving, and the page lives on', async () => {
    const { track, store, sender, transport, clock } = bench();
    await track(events('e', 1));
    const more = events('f', 1);
    for (const event of more) sender.captured(event);
    await store(more);
    transport.respondOnce(busy(429, 60_000));
    sender.leaving([]);
    await settled();
    expect(transport.sent).toHaveLength(2);
    sender.wake();
    await clock.advance(59_000);
    expect(transport.sent).toHaveLength(2);
    await clock.advance(1_000);
    expect(transport.sent).toHaveLength(3);
  });
});

describe('a proxy that has asked another page to leave it alone', () => {
  test('is left alone for as long', async () => {
    const { track, transport, clock, delivered } = bench({ quietMs: 60_000 });
    await track(events('e', 2));
    await clock.advance(59_999);
    expect(transport.sent).toEqual([]);
    await clock.advance(1);
    expect(delivered()).toEqual(['e1', 'e2']);
  });

  test.each(['online', 'show'] as const)('is left alone in spite of "%s"', async (moment) => {
    const { track, transport, clock, lifecycle } = bench({ quietMs: 60_000 });
    await track(events('e', 1));
    await clock.advance(30_000);
    lifecycle.happen(moment);
    await settled();
    expect(transport.sent).toEqual([]);
  });

  test('is left alone by a flush, which resolves at once, and by a page that leaves', async () => {
    const { track, transport, sender } = bench({ quietMs: 60_000 });
    await track(events('e', 1));
    await sender.flush();
    sender.leaving(events('u', 1));
    await settled();
    expect(transport.sent).toEqual([]);
  });

  test('is left alone for as long where another answer of the same time asks for nothing', async () => {
    const { track, sender, transport, clock } = bench({ keepsNothing: true });
    transport.respondOnce('silence', busy(503, 60_000));
    await track(events('e', 1));
    sender.leaving(events('u', 1));
    await settled();
    transport.answerAll(busy(503));
    await settled();
    const { length } = transport.sent;
    await clock.advance(59_000);
    expect(transport.sent).toHaveLength(length);
    await clock.advance(1_000);
    expect(transport.sent.length).toBeGreaterThan(length);
  });

  test('is asked for what it wants of all pages, and of no page when it is merely busy', async () => {
    const { track, transport, clock, quiet } = bench();
    transport.respondOnce(busy(503), busy(503, 90_000));
    await track(events('e', 1));
    expect(quiet()).toBeUndefined();
    await clock.advance(1_000);
    expect(quiet()).toBe(clock.now() + 90_000);
  });
});

describe('backoff', () => {
  test('doubles up to five minutes, and starts anew after a delivery', async () => {
    const { track, transport, clock, told } = bench();
    transport.respond(busy(503));
    await track(events('e', 1));
    await clock.advance(HOUR_MS);
    const delays = told.flatMap(({ name, payload }) => (name === 'retrying' ? [payload.delayMs] : []));
    expect(delays.slice(11)).toEqual(delays.slice(11).map((_, i) => (i ? 300_000 : 256_000)));
    expect(delays.slice(0, 11)).toEqual([
      1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 16_000, 32_000, 64_000, 128_000,
    ]);
    transport.respond(DELIVERED);
    await clock.advance(5 * MINUTE_MS);
    transport.respondOnce(busy(503));
    await track(events('f', 1));
    await clock.advance(1_000);
    const [last] = told.filter(({ name }) => name === 'retrying').slice(-1);
    expect(last?.payload).toMatchObject({ delayMs: 1_000 });
  });

  test('is jittered over its whole length', async () => {
    const { track, transport, told } = bench({ random: () => 0.25 });
    transport.respondOnce(busy(503));
    await track(events('e', 1));
    expect(told[0]?.payload).toMatchObject({ delayMs: 250 });
  });

  test.each(['online', 'show'] as const)('ends with "%s"', async (moment) => {
    const { track, transport, lifecycle, delivered, clock } = bench();
    transport.respondOnce(CUT_OFF, CUT_OFF);
    await track(events('e', 1));
    await clock.advance(1_000);
    expect(delivered()).toEqual([]);
    lifecycle.happen(moment);
    await settled();
    expect(delivered()).toEqual(['e1']);
    expect(clock.timers()).toEqual([]);
  });

  test.each(['online', 'show'] as const)(
    'is short again after "%s" while a request was under way that fails',
    async (moment) => {
      const { track, transport, clock, lifecycle, told, delivered } = bench();
      transport.respond(CUT_OFF);
      lifecycle.setOnline(false);
      await track(events('e', 1));
      await clock.advance(HOUR_MS);
      transport.respondOnce('silence');
      await clock.advance(5 * MINUTE_MS);
      lifecycle.setOnline(true);
      lifecycle.happen(moment);
      await settled();
      transport.answerAll(CUT_OFF);
      await settled();
      transport.respond(DELIVERED);
      await clock.advance(1_000);
      expect(delivered()).toEqual(['e1']);
      const [last] = told.filter(({ name }) => name === 'retrying').slice(-1);
      expect(last?.payload).toMatchObject({ delayMs: 1_000 });
    },
  );

  test('begins anew when the network comes back: what fails again soon is tried again soon', async () => {
    const { track, transport, clock, lifecycle, told } = bench();
    transport.respond(CUT_OFF);
    lifecycle.setOnline(false);
    await track(events('e', 1));
    await clock.advance(2 * HOUR_MS);
    transport.respondOnce('silence');
    await clock.advance(5 * MINUTE_MS);
    lifecycle.happen('online');
    transport.answerAll(CUT_OFF);
    await clock.advance(4_000);
    const delays = told.flatMap(({ name, payload }) => (name === 'retrying' ? [payload.delayMs] : []));
    expect(delays.slice(-4)).toEqual([300_000, 1_000, 2_000, 4_000]);
  });

  test.each(['online', 'show'] as const)(
    'behind a content blocker is short again after "%s" while it was being looked for',
    async (moment) => {
      const { track, transport, clock, lifecycle, delivered } = bench({ answered: false });
      transport.respond(CUT_OFF);
      await track(events('e', 2));
      await clock.advance(HOUR_MS);
      transport.respondOnce('silence');
      await clock.advance(5 * MINUTE_MS);
      lifecycle.happen(moment);
      transport.answerAll(CUT_OFF);
      await settled();
      transport.respond(DELIVERED);
      await clock.advance(1_000);
      expect(delivered()).toEqual(['e1', 'e2']);
    },
  );

  test('that the proxy has asked for is as long as it has said, also after a sign that things are better', async () => {
    const { track, transport, clock, lifecycle } = bench();
    transport.respondOnce('silence');
    await track(events('e', 1));
    lifecycle.happen('online');
    transport.answerAll(busy(503, 60_000));
    await clock.advance(59_000);
    expect(transport.sent).toHaveLength(1);
    await clock.advance(1_000);
    expect(transport.sent).toHaveLength(2);
  });

  test('ends with a flush', async () => {
    const { track, transport, sender, delivered } = bench();
    transport.respondOnce(CUT_OFF);
    await track(events('e', 1));
    await sender.flush();
    expect(delivered()).toEqual(['e1']);
  });

  test('does not become longer when the clock is set back', async () => {
    const { track, transport, clock, delivered } = bench();
    transport.respondOnce(busy(503));
    await track(events('e', 1));
    clock.set(clock.now() - 24 * HOUR_MS);
    await clock.advance(2_000);
    expect(delivered()).toEqual(['e1']);
  });

  test('never gives an event up while the server is down', async () => {
    const { track, transport, clock, ledger, dropped } = bench();
    transport.respond(busy(500));
    await track(events('e', 50));
    await clock.advance(48 * HOUR_MS);
    expect(ledger()).toMatchObject({ pending: 50, dropped: {} });
    expect(dropped()).toEqual({});
    transport.respond(DELIVERED);
    await clock.advance(6 * MINUTE_MS);
    expect(ledger()).toMatchObject({ delivered: 50, pending: 0 });
  });

  test('never gives an event up while the network is down', async () => {
    const { track, transport, lifecycle, clock, ledger } = bench();
    lifecycle.setOnline(false);
    transport.respond(CUT_OFF);
    await track(events('e', 50));
    await clock.advance(24 * HOUR_MS);
    expect(ledger()).toMatchObject({ pending: 50, dropped: {} });
  });
});

describe('when a request may go', () => {
  test('a lone event goes at once', async () => {
    const { track, transport } = bench();
    await track(events('e', 1));
    expect(transport.sent).toHaveLength(1);
  });

  test('a lone event goes at once, also after a look that found nothing', async () => {
    const { track, transport, sender } = bench();
    await sender.flush();
    await track(events('e', 1));
    expect(transport.sent).toHaveLength(1);
  });

  test('what follows waits for the flush interval, and goes together', async () => {
    const { track, transport, clock } = bench();
    await track(events('e', 1));
    await clock.advance(100);
    await track(events('e', 1, 2));
    await track(events('e', 1, 3));
    await clock.advance(899);
    expect(transport.batches()).toEqual([['e1']]);
    await clock.advance(1);
    expect(transport.batches()).toEqual([['e1'], ['e2', 'e3']]);
  });

  test('a full batch does not wait', async () => {
    const { track, transport } = bench({ batch: { maxEvents: 5, maxBytes: 10_000 } });
    await track(events('e', 1));
    await track(events('f', 5));
    expect(transport.batches()).toEqual([['e1'], idsOf(events('f', 5))]);
  });

  test('one request is in flight at a time', async () => {
    const { track, transport, clock, sender, lifecycle } = bench({
      batch: { maxEvents: 2, maxBytes: 10_000 },
    });
    transport.respond('silence');
    await track(events('e', 6));
    sender.wake();
    lifecycle.happen('online');
    lifecycle.happen('show');
    await clock.advance(10_000);
    expect(transport.sent).toHaveLength(1);
  });

  test('many are sent in order, as few requests as they fit into', async () => {
    const { track, transport, delivered } = bench();
    const all = events('e', 950);
    await track(all);
    expect(transport.batches()).toHaveLength(10);
    expect(delivered()).toEqual(idsOf(all));
  });

  test('nothing is read, sent or timed while there is nothing to send', async () => {
    const { track, clock, reads, transport } = bench();
    await track(events('e', 2));
    const before = reads();
    await clock.advance(HOUR_MS);
    expect(clock.timers()).toEqual([]);
    expect(reads()).toBe(before);
    expect(transport.sent).toHaveLength(1);
  });

  test('a tab that does not lead sends nothing', async () => {
    const { track, clock, transport, lead, sender } = bench();
    lead(false);
    await track(events('e', 2));
    await sender.flush();
    await clock.advance(HOUR_MS);
    expect(transport.sent).toHaveLength(0);
  });

  test('a tab that hands over while it reads sends nothing', async () => {
    const { store, sender, transport, lead, holdReads } = bench();
    await store(events('e', 2));
    const letGo = holdReads();
    const done = sender.flush();
    await settled();
    lead(false);
    letGo();
    await done;
    expect(transport.sent).toEqual([]);
  });

  test('a clock that is set back does not hold up what is stored then', async () => {
    const { track, clock, transport } = bench();
    await track(events('e', 1));
    clock.set(clock.now() - 24 * HOUR_MS);
    await track(events('f', 1));
    await clock.advance(1_000);
    expect(transport.batches()).toHaveLength(2);
  });
});

describe('what cannot be sent now', () => {
  test('does not keep the page busy while a request of a leaving page is on its way', async () => {
    const { track, store, sender, transport, reads, clock } = bench();
    await track(events('e', 1));
    await clock.advance(2_000);
    const more = events('f', 3);
    for (const event of more) sender.captured(event);
    await store(more);
    transport.respondOnce('silence');
    sender.leaving([]);
    const before = reads();
    sender.wake();
    await clock.advance(10_000);
    expect(reads() - before).toBeLessThan(50);
    transport.answerAll(DELIVERED);
    await clock.advance(2_000);
    expect(transport.batches().flat()).toEqual(['e1', 'f1', 'f2', 'f3']);
  });

  test.each([4, 9])(
    'does not keep the page busy while a full batch of a leaving page is on its way, of %i that wait',
    async (count) => {
      const { store, sender, transport, reads, clock, ledger } = bench({
        batch: { maxEvents: 4, maxBytes: 10_000 },
      });
      const all = events('e', count);
      for (const event of all) sender.captured(event);
      await store(all);
      transport.respondOnce('silence');
      sender.leaving([]);
      sender.wake();
      await clock.advance(10_000);
      expect(reads()).toBeLessThan(50);
      transport.answerAll(DELIVERED);
      await clock.advance(10_000);
      expect(ledger()).toMatchObject({ delivered: count, pending: 0 });
    },
  );

  test('does not keep the page busy when the outbox cannot give what it counts', async () => {
    const { track, sender, clock, reads, countUnreadable } = bench();
    countUnreadable(3);
    await track(events('e', 1));
    sender.wake();
    await clock.advance(10_000);
    expect(reads()).toBeLessThan(50);
  });
});

describe('a proxy that takes less', () => {
  test('gets halves after a 413, and no large batch again', async () => {
    const { track, transport, clock, delivered, dropped } = bench();
    const most = 2_000;
    transport.respond(({ ids }): Outcome => (ids.length * 101 > most ? rejected(413) : DELIVERED));
    const all = Array.from({ length: 64 }, (_, i) => outboxEvent(`e${i}`, { bytes: 100 }));
    await track(all);
    await clock.advance(MINUTE_MS);
    expect(delivered()).toEqual(idsOf(all));
    expect(dropped()).toEqual({});
    const before = transport.sent.length;
    await track(Array.from({ length: 64 }, (_, i) => outboxEvent(`f${i}`, { bytes: 100 })));
    await clock.advance(MINUTE_MS);
    const later = transport.sent.slice(before);
    expect(later.every(({ ids }) => ids.length * 101 <= most)).toBe(true);
  });

  test('drops an event that is too large all by itself, and only that', async () => {
    const { track, transport, clock, delivered, dropped, told } = bench();
    transport.respond(failingOn(['e3'], rejected(413)));
    await track(events('e', 5));
    await clock.advance(MINUTE_MS);
    expect(dropped()).toEqual({ e3: 'too-large' });
    expect(told).toContainEqual({ name: 'dropped', payload: { id: 'e3', reason: 'too-large', status: 413 } });
    expect(delivered()).toEqual(['e1', 'e2', 'e4', 'e5']);
  });
});

describe('a proxy that does not read gzip', () => {
  test('and answers 415 to plain JSON, too, takes nothing at all: everything is kept, and it is asked seldom', async () => {
    let reads = true;
    const clock = fakeClock();
    let requests = 0;
    const transport = createTransport({
      url: '/v1/batch',
      clock,
      clientKey: { Authorization: 'Basic eDo=' },
      delivery: { compression: 'auto', credentials: 'omit', requestTimeoutMs: 15_000 },
      request() {
        requests += 1;
        return requests > 1_000 ? new Promise(() => {}) : Promise.resolve(new Response('', { status: 415 }));
      },
      gzip: (text) => Promise.resolve(new TextEncoder().encode(text)),
      proxyMemory: { get: () => reads, set: (_, now) => void (reads = now) },
    });
    const { track, dropped, ledger, errors } = bench({ clock, transport });
    await track([outboxEvent('e1', { bytes: 1_000 }), outboxEvent('e2', { bytes: 1_000 })]);
    await clock.advance(HOUR_MS);
    expect(dropped()).toEqual({});
    expect(ledger().pending).toBe(2);
    expect(errors.map(({ code }) => code)).toEqual(['endpoint-refuses']);
    expect(requests).toBeLessThan(35);
  });
});

describe.each([400, 403, 404, 422])('an answer of %i, where an empty batch is taken,', (status) => {
  test('finds the one event that it is about, drops it, and delivers all others in order', async () => {
    const { track, transport, clock, delivered, dropped, told } = bench();
    const all = events('e', 37);
    transport.respond(failingOn(['e23'], rejected(status)));
    await track(all);
    await clock.advance(MINUTE_MS);
    expect(dropped()).toEqual({ e23: 'rejected' });
    expect(told).toContainEqual({ name: 'dropped', payload: { id: 'e23', reason: 'rejected', status } });
    expect(delivered()).toEqual(idsOf(all).filter((id) => id !== 'e23'));
    expect(transport.sent.length).toBeLessThan(20);
  });

  test('drops a lone event, after it was refused again beside an empty batch that was not', async () => {
    const { track, transport, clock, dropped, ledger } = bench();
    transport.respond(failingOn(['e1'], rejected(status)));
    await track(events('e', 1));
    expect(dropped()).toEqual({ e1: 'rejected' });
    expect(clock.timers()).toEqual([]);
    expect(ledger()).toMatchObject({ pending: 0, dropped: { rejected: 1 } });
    expect(transport.sent.map(({ ids }) => ids.length)).toEqual([1, 0, 1, 0, 0]);
  });
});

describe('an event that breaks the server', () => {
  test.each([
    ['with 500', busy(500)],
    ['with 502', busy(502)],
    ['by cutting the connection', CUT_OFF],
  ] as const)(
    '%s is found and dropped after bounded tries, and all others arrive in order',
    async (_, failure) => {
      const { track, transport, clock, delivered, dropped, ledger } = bench();
      const all = events('e', 100);
      transport.respond(failingOn(['e42'], failure));
      await track(all);
      await clock.advance(10 * MINUTE_MS);
      expect(dropped()).toEqual({ e42: 'rejected' });
      expect(delivered()).toEqual(idsOf(all).filter((id) => id !== 'e42'));
      expect(ledger().pending).toBe(0);
      const tries = transport.batches().filter((ids) => ids.length === 1 && ids[0] === 'e42');
      expect(tries).toHaveLength(3);
      expect(transport.sent.length).toBeLessThan(45);
    },
  );

  test('is found when there are several', async () => {
    const { track, transport, clock, delivered, dropped } = bench();
    const all = events('e', 60);
    const poison = ['e1', 'e2', 'e30', 'e60'];
    transport.respond(failingOn(poison, busy(500)));
    await track(all);
    await clock.advance(HOUR_MS);
    expect(Object.keys(dropped())).toEqual(poison);
    expect(delivered()).toEqual(idsOf(all).filter((id) => !poison.includes(id)));
  });

  test('is not looked for before the batch has failed three times', async () => {
    const { track, transport, clock, delivered } = bench();
    transport.respondOnce(busy(500), busy(500));
    await track(events('e', 10));
    await clock.advance(MINUTE_MS);
    expect(transport.batches().map(({ length }) => length)).toEqual([10, 10, 10]);
    expect(delivered()).toHaveLength(10);
  });

  test('is not looked for when the server says in so many words that it is busy', async () => {
    const { track, transport, clock, dropped } = bench();
    transport.respond(({ ids }) => (ids.length ? busy(503) : DELIVERED));
    await track(events('e', 4));
    await clock.advance(HOUR_MS);
    expect(transport.sent.every(({ ids }) => ids.length === 4)).toBe(true);
    expect(dropped()).toEqual({});
  });

  test('is not suspected while the server is down: nothing is sent but questions without events', async () => {
    const { track, transport, clock, dropped } = bench();
    transport.respond(busy(500));
    await track(events('e', 10));
    await clock.advance(HOUR_MS);
    expect(transport.batches()).toHaveLength(3);
    expect(transport.batches().every(({ length }) => length === 10)).toBe(true);
    expect(dropped()).toEqual({});
  });

  test('is not blamed for an outage that begins in the middle of the search', async () => {
    const { track, transport, clock, delivered, dropped } = bench();
    const all = events('e', 16);
    let down = false;
    transport.respond((request) => {
      if (down) return busy(500);
      return failingOn(['e16'], busy(500))(request);
    });
    await track(all);
    await clock.advance(4_500);
    down = true;
    await clock.advance(12 * HOUR_MS);
    expect(dropped()).toEqual({});
    down = false;
    await clock.advance(HOUR_MS);
    expect(dropped()).toEqual({ e16: 'rejected' });
    expect(delivered()).toEqual(idsOf(all).slice(0, -1));
  });

  test('does not make a busy server busier: Retry-After holds during the search, too', async () => {
    const { track, transport, clock } = bench();
    let asked = 0;
    transport.respond(({ ids }) => {
      if (!ids.includes('e3')) return DELIVERED;
      asked += 1;
      return asked === 4 ? busy(500, 600_000) : busy(500);
    });
    await track(events('e', 8));
    await clock.advance(MINUTE_MS);
    const before = transport.sent.length;
    expect(asked).toBe(4);
    await clock.advance(8 * MINUTE_MS);
    expect(transport.sent).toHaveLength(before);
  });
});

describe('the search for an event that breaks the server', () => {
  test('halves the batches until it is alone, and doubles them again when it is found', async () => {
    const { track, transport, clock, dropped } = bench({ random: () => 0 });
    transport.respond(failingOn(['e3'], rejected(400)));
    await track(events('e', 64));
    await clock.advance(MINUTE_MS);
    expect(dropped()).toEqual({ e3: 'rejected' });
    const sizes = transport.batches().map(({ length }) => length);
    expect(sizes.slice(0, 6)).toEqual([64, 32, 16, 8, 4, 2]);
    // Two events have arrived, and the bad one is among the next two. Sent alone, it is refused twice; then
    // the others arrive.
    expect(sizes.slice(6)).toEqual([1, 1, 61]);
    await track(events('f', 100));
    await clock.advance(MINUTE_MS);
    expect(transport.batches().at(-1)).toHaveLength(100);
  });

  test('takes along what comes meanwhile, behind what was there', async () => {
    const { track, transport, clock, delivered, dropped } = bench();
    transport.respond(failingOn(['e5'], busy(500)));
    await track(events('e', 20));
    await clock.advance(5_000);
    await track(events('f', 20));
    await clock.advance(10 * MINUTE_MS);
    expect(dropped()).toEqual({ e5: 'rejected' });
    expect(delivered()).toEqual(idsOf([...events('e', 20), ...events('f', 20)]).filter((id) => id !== 'e5'));
  });

  test('sends nothing again that was delivered as the page was hidden', async () => {
    const { sender, store, transport, clock, ledger, dropped } = bench();
    const all = events('e', 12);
    transport.respond(failingOn(['e2'], rejected(400)));
    for (const event of all) sender.captured(event);
    await store(all);
    transport.respondOnce('silence');
    sender.wake();
    await settled();
    const late = events('f', 4);
    for (const event of late) sender.captured(event);
    await store(late);
    sender.leaving([]);
    await settled();
    transport.answerAll(rejected(400));
    await clock.advance(10 * MINUTE_MS);
    expect(dropped()).toEqual({ e2: 'rejected' });
    expect(ledger()).toMatchObject({ delivered: 15, pending: 0 });
    const sent = transport.batches().filter((ids) => ids.some((id) => id.startsWith('f')));
    expect(sent).toEqual([idsOf(late)]);
  });

  test('blames nobody else where another tab has led meanwhile', async () => {
    const { track, transport, clock, lead, store, ledger, dropped } = bench();
    transport.respond(failingOn(['e7'], busy(500)));
    await track(events('e', 10));
    await clock.advance(8_000);
    lead(false);
    await clock.advance(MINUTE_MS);
    await store(events('f', 5));
    lead(true);
    await track(events('g', 1));
    await clock.advance(10 * MINUTE_MS);
    expect(dropped()).toEqual({ e7: 'rejected' });
    expect(ledger()).toMatchObject({ delivered: 15, pending: 0 });
  });
});

describe('a content blocker', () => {
  test('makes it go quiet: few requests in an hour with a thousand events', async () => {
    const { track, transport, clock, told, ledger, lifecycle } = bench({
      answered: false,
      random: seeded(1).next,
    });
    transport.respond(CUT_OFF);
    await track(events('e', 500));
    for (let i = 0; i < 60; i++) {
      await clock.advance(MINUTE_MS);
      await track(events(`m${i}-`, 9));
      expect(lifecycle.online()).toBe(true);
    }
    expect(ledger().pending).toBe(1_040);
    expect(transport.sent.length).toBeLessThanOrEqual(30);
    expect(told.filter(({ name }) => name === 'blocked')).toHaveLength(1);
  });

  test('is noticed to be gone within five minutes, and everything arrives in order', async () => {
    const { track, transport, clock, delivered } = bench({ answered: false });
    transport.respond(CUT_OFF);
    const all = events('e', 300);
    await track(all);
    await clock.advance(HOUR_MS);
    transport.respond(DELIVERED);
    await clock.advance(5 * MINUTE_MS);
    expect(delivered()).toEqual(idsOf(all));
  });

  test.each(['online', 'show'] as const)('is looked for anew on "%s"', async (moment) => {
    const { track, transport, clock, delivered, lifecycle } = bench({ answered: false });
    transport.respond(CUT_OFF);
    await track(events('e', 3));
    await clock.advance(HOUR_MS);
    transport.respond(DELIVERED);
    lifecycle.happen(moment);
    await settled();
    expect(delivered()).toEqual(['e1', 'e2', 'e3']);
  });

  test('is not suspected where the proxy has answered before', async () => {
    const { track, transport, clock, told } = bench({ answered: true });
    transport.respond(CUT_OFF);
    await track(events('e', 3));
    await clock.advance(HOUR_MS);
    expect(told.map(({ name }) => name)).not.toContain('blocked');
  });

  test('is not suspected while the browser is offline', async () => {
    const { track, transport, clock, told, lifecycle } = bench({ answered: false });
    lifecycle.setOnline(false);
    transport.respond(CUT_OFF);
    await track(events('e', 3));
    await clock.advance(HOUR_MS);
    expect(told.map(({ name }) => name)).not.toContain('blocked');
  });
});

describe('a page that leaves', () => {
  async function withStored(bytes: readonly number[]): Promise<Bench> {
    const started = bench();
    await started.track(events('first', 1));
    const list = bytes.map((size, i) => outboxEvent(`e${i + 1}`, { bytes: size }));
    for (const event of list) started.sender.captured(event);
    await started.store(list);
    return started;
  }

  test('sends what is stored and what is not, each once, oldest first', async () => {
    const { sender, transport } = await withStored([100, 100]);
    const unsaved = events('u', 2);
    for (const event of unsaved) sender.captured(event);
    sender.leaving(unsaved);
    expect(transport.sent.at(-1)).toMatchObject({ ids: ['e1', 'e2', 'u1', 'u2'], leaving: true });
  });

  test('sends no more bytes than a page may leave behind', async () => {
    const { sender, transport } = await withStored([20_000, 20_000, 20_000, 20_000]);
    transport.setRoom(41_000);
    sender.leaving([]);
    expect(transport.sent.at(-1)?.ids).toEqual(['e1', 'e2']);
  });

  test('sends no more events than one batch holds', async () => {
    const started = bench({ batch: { maxEvents: 3, maxBytes: 10_000 } });
    started.sender.leaving(events('u', 7));
    expect(started.transport.sent.at(-1)?.ids).toEqual(['u1', 'u2', 'u3']);
  });

  test('sends no more bytes than the proxy takes in one batch', async () => {
    const { sender, transport } = bench({ batch: { maxEvents: 100, maxBytes: 2_500 } });
    sender.leaving(Array.from({ length: 5 }, (_, i) => outboxEvent(`u${i}`, { bytes: 1_000 })));
    expect(transport.sent.at(-1)?.ids).toEqual(['u0', 'u1']);
  });

  test('sends no more bytes than the proxy has shown to take', async () => {
    const { sender, transport, track, clock } = bench();
    transport.respondOnce(rejected(413), DELIVERED);
    await track(Array.from({ length: 8 }, (_, i) => outboxEvent(`e${i}`, { bytes: 1_000 })));
    await clock.advance(MINUTE_MS);
    sender.leaving(Array.from({ length: 8 }, (_, i) => outboxEvent(`u${i}`, { bytes: 1_000 })));
    expect(transport.sent.at(-1)?.ids).toEqual(['u0', 'u1', 'u2', 'u3']);
  });

  test('sends nothing when there is nothing', () => {
    const { sender, transport } = bench();
    sender.leaving([]);
    expect(transport.sent).toEqual([]);
  });

  test('sends nothing when another tab leads, which will', async () => {
    const { sender, transport, lead } = await withStored([100]);
    lead(false);
    const before = transport.sent.length;
    sender.leaving(events('u', 1));
    expect(transport.sent).toHaveLength(before);
  });

  test('sends nothing when another tab takes over', async () => {
    const { sender, transport, inherit } = await withStored([100]);
    inherit(true);
    const before = transport.sent.length;
    sender.leaving(events('u', 1));
    expect(transport.sent).toHaveLength(before);
    expect(transport.hurried).toBe(0);
  });

  test('sends nothing while the proxy is failing', async () => {
    const { sender, transport, track } = bench();
    transport.respondOnce(CUT_OFF);
    await track(events('e', 1));
    sender.leaving([]);
    expect(transport.sent).toHaveLength(1);
  });

  test('and lives on, has sent nothing twice', async () => {
    const { sender, transport, clock, ledger } = await withStored([100, 100]);
    transport.respondOnce('silence');
    sender.leaving([]);
    sender.leaving([]); // one call for `visibilitychange`, one for `pagehide`
    sender.wake();
    await clock.advance(900);
    transport.answerAll(DELIVERED);
    await clock.advance(10_000);
    expect(transport.batches().flat().sort()).toEqual(['e1', 'e2', 'first1']);
    expect(ledger()).toMatchObject({ pending: 0, delivered: 3 });
  });

  test('and lives on after that has failed, sends it again', async () => {
    const { sender, transport, clock, ledger } = await withStored([100, 100]);
    transport.respondOnce(CUT_OFF);
    sender.leaving([]);
    await clock.advance(10_000);
    expect(ledger()).toMatchObject({ pending: 0, delivered: 3, dropped: {} });
    expect(transport.batches().at(-1)).toEqual(['e1', 'e2']);
  });

  test('does not send what is in flight already', async () => {
    const { track, transport, sender } = bench();
    transport.respond('silence');
    await track(events('e', 2));
    sender.leaving([]);
    expect(transport.batches()).toEqual([['e1', 'e2']]);
    // The transport sends at once a request whose body is still being compressed.
    expect(transport.hurried).toBe(1);
  });

  test('does not disturb how the attempts of a request in flight are counted', async () => {
    const { track, transport, sender, clock, told } = bench();
    transport.respondOnce(busy(), 'silence');
    await track(events('e', 1));
    await clock.advance(1_000);
    expect(transport.sent).toHaveLength(2);
    sender.leaving(events('u', 1));
    await settled();
    transport.answerAll(DELIVERED);
    await settled();
    expect(told).toContainEqual({ name: 'delivered', payload: { ids: ['e1'], attempts: 2 } });
  });

  test('does not send what another tab has seen to', async () => {
    const { sender, transport } = await withStored([100, 100]);
    sender.settled(['e1']);
    sender.leaving([]);
    expect(transport.sent.at(-1)?.ids).toEqual(['e2']);
  });
});

describe('what is known of the events of this tab', () => {
  test('is whether any of them is on its way', async () => {
    const { track, sender, transport } = bench();
    expect(sender.busy()).toBe(false);
    transport.respondOnce('silence');
    await track(events('e', 1));
    expect(sender.busy()).toBe(true);
    transport.answerAll(DELIVERED);
    await settled();
    expect(sender.busy()).toBe(false);
    transport.respondOnce('silence');
    sender.leaving(events('u', 1));
    expect(sender.busy()).toBe(true);
    transport.answerAll(CUT_OFF);
    await settled();
    expect(sender.busy()).toBe(false);
  });

  test('is which of them nobody has settled', async () => {
    const { track, sender, transport, clock } = bench();
    transport.respondOnce(busy(503, 60_000));
    await track(events('e', 3));
    expect(sender.unsettled()).toEqual(events('e', 3));
    sender.settled(['e2']);
    expect(idsOf(sender.unsettled())).toEqual(['e1', 'e3']);
    await clock.advance(60_000);
    expect(sender.unsettled()).toEqual([]);
  });
});

describe('a flush', () => {
  test('resolves when everything is delivered', async () => {
    const { store, sender, ledger } = bench({ batch: { maxEvents: 10, maxBytes: 100_000 } });
    await store(events('e', 95));
    await sender.flush();
    expect(ledger()).toMatchObject({ delivered: 95, pending: 0 });
  });

  test('resolves when no more can be done at once', async () => {
    const { store, sender, transport, ledger } = bench();
    transport.respond(busy(503));
    await store(events('e', 5));
    await sender.flush();
    expect(ledger().pending).toBe(5);
  });

  test('resolves when there is nothing', async () => {
    const { sender, transport } = bench();
    await sender.flush();
    expect(transport.sent).toEqual([]);
  });

  test('takes along what was stored while it ran', async () => {
    const { store, sender, transport, ledger } = bench();
    let more = 3;
    transport.respond(async () => {
      more -= 1;
      if (more > 0) await store(events(`m${more}-`, 2));
      return DELIVERED;
    });
    await store(events('e', 2));
    await sender.flush();
    expect(ledger()).toMatchObject({ delivered: 6, pending: 0 });
  });

  test('sends what was stored while an earlier look was under way', async () => {
    const { store, sender, ledger, holdReads } = bench();
    const letGo = holdReads();
    const early = sender.flush();
    await settled();
    await store(events('e', 3));
    const late = sender.flush();
    letGo();
    await Promise.all([early, late]);
    expect(ledger()).toMatchObject({ delivered: 3, pending: 0 });
  });

  test('twice at once sends nothing twice', async () => {
    const { store, sender, transport } = bench();
    await store(events('e', 5));
    await Promise.all([sender.flush(), sender.flush()]);
    expect(transport.batches()).toEqual([idsOf(events('e', 5))]);
  });
});

describe('stop', () => {
  test('cuts off the request in flight, keeps its events, and stops every timer and listener', async () => {
    const { track, transport, stop, clock, lifecycle, ledger, told } = bench();
    transport.respond('silence');
    await track(events('e', 2));
    stop();
    await settled();
    expect(transport.aborted).toBe(true);
    expect(clock.timers()).toEqual([]);
    expect(lifecycle.listeners()).toBe(0);
    expect(ledger().pending).toBe(2);
    expect(told).toEqual([]);
  });

  test('leaves nothing that could send later', async () => {
    const { track, transport, sender, stop, clock, lifecycle } = bench();
    transport.respondOnce(busy(503));
    await track(events('e', 2));
    stop();
    sender.wake();
    await sender.flush();
    sender.leaving(events('u', 1));
    lifecycle.happen('online');
    await clock.advance(HOUR_MS);
    expect(transport.sent).toHaveLength(1);
  });
});

test('whatever the answers are, nothing is lost, nothing is counted twice, and the good events arrive', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed);
    const started = bench({
      random: random.next,
      answered: random.chance(0.5),
      batch: { maxEvents: 1 + random.below(20), maxBytes: 200 + random.below(3_000) },
    });
    const { track, transport, clock, lifecycle, sender, delivered, dropped, lead } = started;
    const poison = new Set<string>();
    const taken = new Set<string>();
    transport.respond(({ ids }) => {
      const bad = ids.find((id) => poison.has(id));
      const outcome = random.pick([
        DELIVERED,
        DELIVERED,
        DELIVERED,
        busy(503),
        busy(429, random.below(5_000)),
        CUT_OFF,
        { kind: 'unauthorized', status: 401, body: '' } as const,
      ]);
      if (outcome.kind !== 'delivered') return outcome;
      if (bad) return rejected(400);
      for (const id of ids) taken.add(id);
      return outcome;
    });
    let count = 0;
    for (let step = 0; step < 60; step++) {
      const roll = random.below(10);
      if (roll < 4) {
        const more = events(`e`, 1 + random.below(8), count + 1);
        count += more.length;
        for (const { id } of more) if (random.chance(0.03)) poison.add(id);
        await track(more);
      } else if (roll === 4) lifecycle.happen(random.pick(['online', 'show'] as const));
      else if (roll === 5) sender.leaving([]);
      else if (roll === 6) lead(random.chance(0.8));
      else if (roll === 7) lifecycle.setOnline(random.chance(0.7));
      else await clock.advance(random.below(20_000));
      expectBalance(started);
    }
    lead(true);
    lifecycle.setOnline(true);
    transport.respond(({ ids }) => {
      if (ids.some((id) => poison.has(id))) return rejected(400);
      for (const id of ids) taken.add(id);
      return DELIVERED;
    });
    sender.wake();
    await clock.advance(HOUR_MS);
    expectBalance(started);
    expect(started.ledger(), `seed ${seed}`).toMatchObject({ tracked: count, pending: 0 });
    expect(new Set(Object.keys(dropped())), `seed ${seed}`).toEqual(poison);
    expect(taken.size, `seed ${seed}`).toBe(count - poison.size);
    expect(new Set(delivered()), `seed ${seed}`).toEqual(taken);
  }
});
