// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { admit } from '../../../../src/proxy/ingest/admission.ts';
import {
  type Claim,
  createLocalClaims,
  type LocalClaims,
} from '../../../../src/proxy/deduplicate/local-claims.ts';
import type { AcceptedEvent } from '../../../../src/proxy/batch/contract.ts';

function claimOf(claims: LocalClaims, ...ids: readonly string[]): Claim {
  const batch = ids.map((messageId) => ({ type: 'page', messageId, anonymousId: 'a' }));
  const bytes = new TextEncoder().encode(JSON.stringify({ batch }));
  const admitted = admit(bytes, { maxEvents: 500, maxEventBytes: 32_000 });
  if (admitted.kind === 'refused') throw new Error(admitted.message);
  return claims.claim({ clientKey: 'web', bytes }, admitted.acceptedEvents);
}

const idsOf = (acceptedEvents: readonly AcceptedEvent[]): readonly unknown[] =>
  acceptedEvents.map(({ id }) => id);

function deliver(claims: LocalClaims, ...ids: readonly string[]): readonly unknown[] {
  const claim = claimOf(claims, ...ids);
  claim.accept(claim.fresh);
  claim.end();
  return idsOf(claim.fresh);
}

/** Creates claims with a clock that moves only when a test changes `clock.at`. */
function start(windowMs = 100, maxBytes = 1_000_000): { claims: LocalClaims; clock: { at: number } } {
  const clock = { at: 0 };
  return { clock, claims: createLocalClaims({ maxBytes, windowMs, timeoutMs: 50, now: () => clock.at }) };
}

describe('the memory of a copy of the proxy', () => {
  test('lasts one window, however often the event is repeated', () => {
    const { claims, clock } = start();
    expect(deliver(claims, 'a')).toEqual(['a']);
    clock.at = 50;
    expect(deliver(claims, 'a', 'b')).toEqual(['b']);
    clock.at = 99;
    expect(deliver(claims, 'a', 'b')).toEqual([]);
    clock.at = 101;
    expect(deliver(claims, 'a', 'b', 'a')).toEqual(['a']);
    clock.at = 149;
    expect(deliver(claims, 'a', 'b')).toEqual([]);
    clock.at = 151;
    expect(deliver(claims, 'a', 'b')).toEqual(['b']);
    clock.at = 10_000;
    expect(deliver(claims, 'a', 'b', 'b')).toEqual(['a', 'b']);
  });

  test('begins when an event was accepted, however long that took', () => {
    const { claims, clock } = start();
    const slow = claimOf(claims, 'a', 'b', 'c');
    clock.at = 90;
    slow.accept(slow.fresh.slice(0, 2));
    slow.end();
    clock.at = 180;
    expect(deliver(claims, 'a', 'b', 'c')).toEqual(['c']);
    clock.at = 191;
    expect(deliver(claims, 'a', 'b', 'c')).toEqual(['a', 'b']);
  });

  test('does not change while the clock stands still', () => {
    const { claims } = start();
    for (let i = 0; i < 50; i += 1)
      expect(deliver(claims, `${i}`, 'a')).toEqual(i === 0 ? ['0', 'a'] : [`${i}`]);
  });

  test('forgets the oldest events when there are too many', () => {
    const { claims } = start(1_000, 20_000);
    const all = Array.from({ length: 5_000 }, (_, i) => `${i}`);
    for (let i = 0; i < all.length; i += 100) deliver(claims, ...all.slice(i, i + 100));
    expect(deliver(claims, ...all.slice(-100))).toEqual([]);
    expect(deliver(claims, ...all.slice(0, 100))).toHaveLength(100);
  });

  test('a batch larger than the memory is still sent completely', () => {
    const { claims } = start(1_000, 1);
    const all = Array.from({ length: 400 }, (_, i) => `${i}`);
    expect(deliver(claims, ...all)).toHaveLength(400);
  });
});

describe('a claim', () => {
  test('returns the same array if all events are new, and keeps their order otherwise', () => {
    const { claims } = start();
    const claim = claimOf(claims, 'a', 'b');
    claim.end();
    expect(claimOf(claims, 'b', 'a').fresh.map(({ id }) => id)).toEqual(['b', 'a']);
    const late = claimOf(claims, 'c', 'a', 'd', 'c');
    expect([idsOf(late.fresh), idsOf(late.waiting), late.duplicates]).toEqual([['c', 'd'], ['a'], 1]);
  });

  test('keeps the accepted events, and releases the others', () => {
    const { claims } = start();
    const claim = claimOf(claims, 'a', 'b', 'b', 'c');
    claim.accept(claim.fresh.slice(0, 1));
    claim.accept(claim.fresh.slice(1, 2));
    claim.end();
    expect(deliver(claims, 'a', 'b', 'c')).toEqual(['c']);
  });

  test('makes all other requests wait until it ends', async () => {
    const { claims } = start();
    const [one, other] = [claimOf(claims, 'a'), claimOf(claims, 'b')];
    const third = claimOf(claims, 'a', 'b');
    const fourth = claimOf(claims, 'a', 'b');
    const ended: number[] = [];
    const waits = [third, fourth].map(async (each, i) => {
      await each.othersEnd();
      ended.push(i);
    });
    one.end();
    await new Promise((run) => setImmediate(run));
    expect(ended).toEqual([]);
    other.end();
    await Promise.all(waits);
    expect(ended).toEqual([0, 1]);
    // After the other claims have ended, the call returns at once.
    await third.othersEnd();
  });

  test('accepts a late result only for events that no other request has claimed', () => {
    const { claims } = start();
    const late = claimOf(claims, 'a', 'b', 'c');
    late.end();
    const other = claimOf(claims, 'a');
    late.accept(late.fresh.slice(0, 2));
    other.end();
    expect(deliver(claims, 'a', 'b', 'c')).toEqual(['a', 'c']);
  });
});
