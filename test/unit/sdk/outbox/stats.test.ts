// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createEventCounter, type Stats } from '../../../../src/sdk/outbox/stats.ts';
import type { Ledger } from '../../../../src/sdk/outbox/contract.ts';

const ledger = (some: Partial<Ledger>): Ledger => ({
  tracked: 0,
  delivered: 0,
  pending: 0,
  bytes: 0,
  dropped: {},
  ...some,
});

function expectBalance({ tracked, delivered, pending, dropped }: Stats): void {
  expect(delivered + pending + Object.values(dropped).reduce((sum, count) => sum + count, 0)).toBe(tracked);
}

describe('the counter', () => {
  test('begin with nothing', () => {
    const { tracked, delivered, pending, dropped } = createEventCounter().stats(undefined);
    expect([tracked, delivered, pending, Object.keys(dropped).length]).toEqual([0, 0, 0, 9]);
  });

  test('count an event once, wherever it is', () => {
    const counter = createEventCounter();
    counter.begin('a');
    expect(counter.stats(undefined)).toMatchObject({ tracked: 1, pending: 1 });
    counter.handOver('a');
    counter.handOver('a');
    expect(counter.stats(ledger({ tracked: 1, pending: 1 }))).toMatchObject({ tracked: 1, pending: 1 });
    expect(counter.stats(ledger({ tracked: 1, delivered: 1 }))).toMatchObject({
      tracked: 1,
      delivered: 1,
      pending: 0,
    });
  });

  test('count a drop once, and only what was theirs', () => {
    const counter = createEventCounter();
    counter.begin('a');
    expect([
      counter.drop('a', 'invalid'),
      counter.drop('a', 'invalid'),
      counter.drop('x', 'invalid'),
    ]).toEqual([true, false, false]);
    expect(counter.stats(undefined)).toMatchObject({ tracked: 1, pending: 0, dropped: { invalid: 1 } });
  });

  test('see what waited when the page came as new, and forget what was before', () => {
    const counter = createEventCounter();
    counter.open(ledger({ tracked: 100, delivered: 90, pending: 5, dropped: { expired: 5 } }));
    const stats = counter.stats(ledger({ tracked: 101, delivered: 93, pending: 3, dropped: { expired: 5 } }));
    expect(stats).toMatchObject({ tracked: 6, delivered: 3, pending: 3, dropped: { expired: 0 } });
    expectBalance(stats);
  });

  test('keep what has happened when the outbox is deleted', () => {
    const counter = createEventCounter();
    counter.open(ledger({ tracked: 10, delivered: 8, pending: 2 }));
    counter.close(ledger({ tracked: 12, delivered: 9, pending: 3 }), 'consent');
    expect(counter.stats(undefined)).toMatchObject({
      tracked: 4,
      delivered: 1,
      pending: 0,
      dropped: { consent: 3 },
    });
    counter.open(ledger({}));
    const stats = counter.stats(ledger({ tracked: 1, pending: 1 }));
    expect(stats).toMatchObject({ tracked: 5, delivered: 1, pending: 1 });
    expectBalance(stats);
  });

  test('drop what waited in it for the reason that is given, but for what begins the next one', () => {
    const counter = createEventCounter();
    counter.open(ledger({ tracked: 100, delivered: 95, pending: 5 }));
    const before = ledger({ tracked: 108, delivered: 96, pending: 10, dropped: { rejected: 2 } });
    counter.close(before, 'storage', 3);
    counter.open(ledger({}));
    const stats = counter.stats(ledger({ tracked: 3, pending: 3 }));
    expect(stats).toMatchObject({
      tracked: 13,
      delivered: 1,
      pending: 3,
      dropped: { rejected: 2, storage: 7, consent: 0 },
    });
    expectBalance(stats);
  });

  test('see what another tab has put into the next one as new', () => {
    const counter = createEventCounter();
    counter.open(ledger({ tracked: 4, pending: 4 }));
    counter.close(ledger({ tracked: 4, pending: 4 }), 'storage', 1);
    counter.open(ledger({ tracked: 2, pending: 1, delivered: 1 }));
    const stats = counter.stats(ledger({ tracked: 3, pending: 2, delivered: 1 }));
    expect(stats).toMatchObject({ tracked: 5, delivered: 0, pending: 2, dropped: { storage: 3 } });
    expectBalance(stats);
  });

  test('add up when outboxes are deleted again and again, whatever was in them', () => {
    const counter = createEventCounter();
    for (let i = 0; i < 5; i++) {
      counter.begin(`call ${i}`);
      counter.open(ledger({ tracked: 20, delivered: 15, pending: 5 }));
      expectBalance(counter.stats(ledger({ tracked: 20, delivered: 15, pending: 5 })));
      counter.close(ledger({ tracked: 22, delivered: 17, pending: 5 }), i % 2 ? 'consent' : 'storage', i);
      // The events that remain are passed on to the next store.
      counter.open(ledger({}));
      const stats = counter.stats(ledger({ tracked: i, pending: i }));
      expectBalance(stats);
      expect(Math.min(stats.tracked, stats.delivered, stats.pending)).toBeGreaterThanOrEqual(0);
      counter.close(ledger({ tracked: i, delivered: i }), 'storage');
    }
    expect(counter.stats(undefined)).toMatchObject({
      tracked: 40,
      delivered: 20,
      pending: 5,
      dropped: { storage: 9, consent: 6 },
    });
  });
});
