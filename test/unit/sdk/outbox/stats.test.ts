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

describe('the accounts', () => {
  test('begin with nothing', () => {
    const { tracked, delivered, pending, dropped } = createEventCounter().stats(undefined);
    expect([tracked, delivered, pending, Object.keys(dropped).length]).toEqual([0, 0, 0, 9]);
  });

  test('count an event once, wherever it is', () => {
    const accounts = createEventCounter();
    accounts.begin('a');
    expect(accounts.stats(undefined)).toMatchObject({ tracked: 1, pending: 1 });
    accounts.handOver('a');
    accounts.handOver('a');
    expect(accounts.stats(ledger({ tracked: 1, pending: 1 }))).toMatchObject({ tracked: 1, pending: 1 });
    expect(accounts.stats(ledger({ tracked: 1, delivered: 1 }))).toMatchObject({
      tracked: 1,
      delivered: 1,
      pending: 0,
    });
  });

  test('count a drop once, and only what was theirs', () => {
    const accounts = createEventCounter();
    accounts.begin('a');
    expect([
      accounts.drop('a', 'invalid'),
      accounts.drop('a', 'invalid'),
      accounts.drop('x', 'invalid'),
    ]).toEqual([true, false, false]);
    expect(accounts.stats(undefined)).toMatchObject({ tracked: 1, pending: 0, dropped: { invalid: 1 } });
  });

  test('see what waited when the page came as new, and forget what was before', () => {
    const accounts = createEventCounter();
    accounts.open(ledger({ tracked: 100, delivered: 90, pending: 5, dropped: { expired: 5 } }));
    const stats = accounts.stats(
      ledger({ tracked: 101, delivered: 93, pending: 3, dropped: { expired: 5 } }),
    );
    expect(stats).toMatchObject({ tracked: 6, delivered: 3, pending: 3, dropped: { expired: 0 } });
    expectBalance(stats);
  });

  test('keep what has happened when the outbox is deleted', () => {
    const accounts = createEventCounter();
    accounts.open(ledger({ tracked: 10, delivered: 8, pending: 2 }));
    accounts.close(ledger({ tracked: 12, delivered: 9, pending: 3 }), 'consent');
    expect(accounts.stats(undefined)).toMatchObject({
      tracked: 4,
      delivered: 1,
      pending: 0,
      dropped: { consent: 3 },
    });
    accounts.open(ledger({}));
    const stats = accounts.stats(ledger({ tracked: 1, pending: 1 }));
    expect(stats).toMatchObject({ tracked: 5, delivered: 1, pending: 1 });
    expectBalance(stats);
  });

  test('drop what waited in it for the reason that is given, but for what begins the next one', () => {
    const accounts = createEventCounter();
    accounts.open(ledger({ tracked: 100, delivered: 95, pending: 5 }));
    const before = ledger({ tracked: 108, delivered: 96, pending: 10, dropped: { rejected: 2 } });
    accounts.close(before, 'storage', 3);
    accounts.open(ledger({}));
    const stats = accounts.stats(ledger({ tracked: 3, pending: 3 }));
    expect(stats).toMatchObject({
      tracked: 13,
      delivered: 1,
      pending: 3,
      dropped: { rejected: 2, storage: 7, consent: 0 },
    });
    expectBalance(stats);
  });

  test('see what another tab has put into the next one as new', () => {
    const accounts = createEventCounter();
    accounts.open(ledger({ tracked: 4, pending: 4 }));
    accounts.close(ledger({ tracked: 4, pending: 4 }), 'storage', 1);
    accounts.open(ledger({ tracked: 2, pending: 1, delivered: 1 }));
    const stats = accounts.stats(ledger({ tracked: 3, pending: 2, delivered: 1 }));
    expect(stats).toMatchObject({ tracked: 5, delivered: 0, pending: 2, dropped: { storage: 3 } });
    expectBalance(stats);
  });

  test('add up when outboxes are deleted again and again, whatever was in them', () => {
    const accounts = createEventCounter();
    for (let i = 0; i < 5; i++) {
      accounts.begin(`call ${i}`);
      accounts.open(ledger({ tracked: 20, delivered: 15, pending: 5 }));
      expectBalance(accounts.stats(ledger({ tracked: 20, delivered: 15, pending: 5 })));
      accounts.close(ledger({ tracked: 22, delivered: 17, pending: 5 }), i % 2 ? 'consent' : 'storage', i);
      // Those that stay are on their way into the next one.
      accounts.open(ledger({}));
      const stats = accounts.stats(ledger({ tracked: i, pending: i }));
      expectBalance(stats);
      expect(Math.min(stats.tracked, stats.delivered, stats.pending)).toBeGreaterThanOrEqual(0);
      accounts.close(ledger({ tracked: i, delivered: i }), 'storage');
    }
    expect(accounts.stats(undefined)).toMatchObject({
      tracked: 40,
      delivered: 20,
      pending: 5,
      dropped: { storage: 9, consent: 6 },
    });
  });
});
