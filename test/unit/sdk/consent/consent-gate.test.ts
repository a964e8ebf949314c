// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createConsentGate, type ConsentGate } from '../../../../src/sdk/consent/consent-gate.ts';
import type { ConsentState } from '../../../../src/sdk/events.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';

interface Bench {
  readonly gate: ConsentGate;
  readonly clock: FakeClock;
  /** What happened, in order. */
  readonly log: string[];
  call(name: string, onRun?: () => void): ReturnType<ConsentGate['pass']>;
}

function bench(initial: ConsentState = 'pending', { maxHeld = 100, maxAgeMs = 60_000 } = {}): Bench {
  const clock = fakeClock();
  const log: string[] = [];
  const gate = createConsentGate({
    limits: { maxEvents: maxHeld, maxAgeMs },
    now: clock.now,
    onOpen: () => void log.push('open'),
    onClose: () => void log.push('close'),
    onPause: () => void log.push('pause'),
  });
  gate.set(initial);
  log.length = 0;
  return {
    gate,
    clock,
    log,
    call: (name, onRun) =>
      gate.pass({
        at: clock.now(),
        run() {
          log.push(`run ${name}`);
          onRun?.();
        },
        drop: (reason) => void log.push(`${reason} ${name}`),
      }),
  };
}

describe('a gate', () => {
  test('that was open holds calls again after `pending`, and runs them when it opens again', () => {
    const { gate, call, log } = bench('granted');
    expect(call('a')).toBe(false);
    expect(gate.set('pending')).toBe(true);
    expect(call('b')).toBe(true);
    gate.set('granted');
    expect(log).toEqual(['run a', 'pause', 'open', 'run b']);
  });

  test('holds calls, and runs them in order when it opens', () => {
    const { gate, call, log } = bench();
    expect([call('a'), call('b')]).toEqual([true, true]);
    expect(log).toEqual([]);
    gate.set('granted');
    expect(call('c')).toBe(false);
    expect(log).toEqual(['open', 'run a', 'run b', 'run c']);
  });

  test('drops calls when it closes, and all later ones', () => {
    const { gate, call, log } = bench();
    call('a');
    gate.set('denied');
    expect(call('b')).toBe(false);
    expect(log).toEqual(['consent a', 'close', 'consent b']);
  });

  test('opens and closes once a decision', () => {
    const { gate, log } = bench();
    expect(
      ['granted', 'granted', 'denied', 'denied', 'granted'].map((state) => gate.set(state as ConsentState)),
    ).toEqual([true, false, true, false, true]);
    expect(log).toEqual(['open', 'close', 'open']);
    expect(gate.state()).toBe('granted');
  });

  test('closes also where it was never open, for what earlier visits have left', () => {
    const { gate, log } = bench();
    gate.set('denied');
    expect(log).toEqual(['close']);
  });

  test('runs nothing twice', () => {
    const { gate, call, log } = bench();
    call('a');
    for (const state of ['granted', 'denied', 'granted'] as const) gate.set(state);
    expect(log).toEqual(['open', 'run a', 'close', 'open']);
  });

  test('holds no more than it may: the oldest go first', () => {
    const { call, log } = bench('pending', { maxHeld: 2 });
    for (const name of ['a', 'b', 'c', 'd']) call(name);
    expect(log).toEqual(['outbox-full a', 'outbox-full b']);
  });

  test('gives up what has waited for too long', () => {
    const { gate, call, clock, log } = bench('pending', { maxAgeMs: 1_000 });
    call('old');
    clock.set(clock.now() + 1_001);
    call('new');
    gate.set('granted');
    expect(log).toEqual(['open', 'expired old', 'run new']);
  });

  test('that closes while the held calls run drops the rest', () => {
    const { gate, call, log } = bench();
    call('a', () => void gate.set('denied'));
    call('b');
    gate.set('granted');
    expect(log).toEqual(['open', 'run a', 'close', 'consent b']);
  });

  test('lets a call that is made by a held call pass', () => {
    const { gate, call, log } = bench();
    call('a', () => void call('from a'));
    call('b');
    gate.set('granted');
    expect(log.filter((entry) => entry.startsWith('run')).sort()).toEqual(['run a', 'run b', 'run from a']);
  });
});
