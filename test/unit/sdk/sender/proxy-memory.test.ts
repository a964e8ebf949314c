// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createProxyMemory, type ProxyMemory } from '../../../../src/sdk/sender/proxy-memory.ts';
import { fakeClock, START_MS } from '../../../fakes/clock.ts';
import { type FakeTextStore, fakeTextStore } from '../../../fakes/text-store.ts';

const clock = fakeClock();
const page = (local: FakeTextStore, { scope = 'site', mayWrite = true, by = clock } = {}): ProxyMemory =>
  createProxyMemory(local, scope, by, () => mayWrite);

describe('what the proxy has shown', () => {
  test('is known to the next page, of the same key only', () => {
    const local = fakeTextStore();
    const proxyMemory = page(local);
    expect([proxyMemory.get('gzip'), proxyMemory.get('answered')]).toEqual([false, false]);
    proxyMemory.set('gzip', true);
    expect(proxyMemory.get('gzip')).toBe(true);
    expect(page(local).get('gzip')).toBe(true);
    expect(page(local).get('answered')).toBe(false);
    expect(page(local, { scope: 'other' }).get('gzip')).toBe(false);
  });

  test('is a no for good: on this page, on the next one, whatever is said later', () => {
    const local = fakeTextStore();
    const proxyMemory = page(local);
    proxyMemory.set('gzip', true);
    proxyMemory.set('gzip', false);
    proxyMemory.set('gzip', true);
    expect(proxyMemory.get('gzip')).toBe(false);
    const next = page(local);
    next.set('gzip', true);
    expect(next.get('gzip')).toBe(false);
    expect(page(local).get('gzip')).toBe(false);
  });

  test('is a no for good also where the browser keeps nothing', () => {
    const local = fakeTextStore();
    local.refuse('none');
    const proxyMemory = page(local);
    proxyMemory.set('gzip', false);
    proxyMemory.set('gzip', true);
    expect(proxyMemory.get('gzip')).toBe(false);
  });

  test('is written only when it changes, and known also where the browser keeps nothing', () => {
    const local = fakeTextStore();
    let writes = 0;
    const { set } = local;
    local.set = (key, value) => {
      writes += 1;
      return set(key, value);
    };
    local.refuse('none');
    const proxyMemory = page(local);
    for (let i = 0; i < 5; i++) proxyMemory.set('answered', true);
    expect([proxyMemory.get('answered'), writes]).toEqual([true, 1]);
  });

  test('is not written when the visitor does not agree any more', () => {
    const local = fakeTextStore();
    const proxyMemory = page(local, { mayWrite: false });
    proxyMemory.set('answered', true);
    proxyMemory.setQuiet(60_000);
    expect(local.keys()).toEqual([]);
    expect([proxyMemory.get('answered'), proxyMemory.quietMs() > 0]).toEqual([true, false]);
  });
});

describe('how long the proxy wants to be left alone', () => {
  test('is known to every page, of the same key only, until it is over', async () => {
    const local = fakeTextStore();
    const by = fakeClock();
    const [one, other] = [page(local, { by }), page(local, { by })];
    expect(one.quietMs()).toBeLessThanOrEqual(0);
    one.setQuiet(60_000);
    expect([one.quietMs(), other.quietMs()]).toEqual([60_000, 60_000]);
    expect(page(local, { by, scope: 'other' }).quietMs()).toBeLessThanOrEqual(0);
    await by.advance(45_000);
    expect(other.quietMs()).toBe(15_000);
    await by.advance(20_000);
    expect([one.quietMs() <= 0, page(local, { by }).quietMs() <= 0]).toEqual([true, true]);
  });

  test('is what it has said last', () => {
    const local = fakeTextStore();
    const proxyMemory = page(local);
    proxyMemory.setQuiet(60_000);
    proxyMemory.setQuiet(1_000);
    expect(proxyMemory.quietMs()).toBe(1_000);
  });

  test('is over when the clock was set back since, or it might last for ever', () => {
    const local = fakeTextStore();
    const by = fakeClock();
    const proxyMemory = page(local, { by });
    proxyMemory.setQuiet(60_000);
    by.set(START_MS - 86_400_000);
    expect(proxyMemory.quietMs()).toBeLessThanOrEqual(0);
  });

  test.each(['', 'x', ',', '1', 'null', '{}', 'NaN,NaN', `${START_MS},x`])(
    'is no time at all where %j is kept',
    (text) => {
      const proxyMemory = page(fakeTextStore({ 'site:until': text }));
      expect(proxyMemory.quietMs() > 0).toBe(false);
    },
  );

  test('is no time at all where the browser keeps nothing', () => {
    const local = fakeTextStore();
    local.refuse('none');
    const proxyMemory = page(local);
    proxyMemory.setQuiet(60_000);
    expect(proxyMemory.quietMs()).toBeLessThanOrEqual(0);
  });
});
