// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { TextStore } from '../../../../src/sdk/browser.ts';
import { createLifeboat } from '../../../../src/sdk/outbox/lifeboat.ts';
import { readLifeboats } from '../../../../src/sdk/outbox/lifeboat-reader.ts';
import { events, outboxEvent } from '../../../fakes/events.ts';
import { type FakeTextStore, fakeTextStore } from '../../../fakes/text-store.ts';

const SCOPE = 'cio-first-party:web';
const saved = (local: FakeTextStore): ReturnType<typeof readLifeboats> =>
  readLifeboats(local.keys().map(local.get));

describe('a lifeboat', () => {
  test('keeps the events of a page that dies, under a name of that page', () => {
    const local = fakeTextStore();
    expect(createLifeboat(local, SCOPE, 'first').save(events('e', 3))).toBe(3);
    expect(local.keys()).toEqual([`${SCOPE}:lifeboat:first`]);
    expect(saved(local)).toEqual(events('e', 3));
  });

  test('is not written without events', () => {
    const local = fakeTextStore();
    expect(createLifeboat(local, SCOPE, 'first').save([])).toBe(0);
    expect(local.keys()).toEqual([]);
  });

  test('is written anew when the page dies again', () => {
    const local = fakeTextStore();
    const lifeboat = createLifeboat(local, SCOPE, 'first');
    lifeboat.save(events('e', 3));
    lifeboat.save(events('f', 1));
    expect(saved(local)).toEqual(events('f', 1));
  });

  test('is cleared by its own page, which came back, and no other one is', () => {
    const local = fakeTextStore();
    const [own, other] = [createLifeboat(local, SCOPE, 'own'), createLifeboat(local, SCOPE, 'other')];
    own.save(events('e', 1));
    other.save(events('f', 1));
    own.clearOwn();
    expect(saved(local)).toEqual(events('f', 1));
  });

  test('that the browser refuses holds nothing, and says so', () => {
    const local = fakeTextStore();
    local.refuse('full');
    expect(createLifeboat(local, SCOPE, 'first').save(events('e', 3))).toBe(0);
    local.refuse('none');
    expect(createLifeboat(local, SCOPE, 'first').save(events('e', 3))).toBe(0);
    expect(() => createLifeboat(local, SCOPE, 'first').clearOwn()).not.toThrow();
  });

  test('takes the oldest, and no more than a fifth of what the browser gives; of the others it keeps the ids', () => {
    const local = fakeTextStore();
    const many = Array.from({ length: 200 }, (_, i) => outboxEvent(`e${i}`, { bytes: 10_000 }));
    const count = createLifeboat(local, SCOPE, 'first').save(many);
    expect(count).toBeGreaterThan(90);
    expect(count).toBeLessThan(110);
    expect(saved(local)).toEqual(many.slice(0, count));
    const text = [...local.values.values()].join('');
    expect(text.length).toBeLessThan(1_100_000);
    expect((JSON.parse(text) as unknown[]).slice(count)).toEqual(many.slice(count).map(({ id }) => id));
  });

  test('takes less where the browser has less room', () => {
    const room = 30_000;
    const values = new Map<string, string>();
    const small: TextStore = {
      get: (key) => values.get(key) ?? null,
      set: (key, value) => value.length <= room && Boolean(values.set(key, value)),
      remove: (key) => void values.delete(key),
      keys: () => [...values.keys()],
    };
    const many = Array.from({ length: 20 }, (_, i) => outboxEvent(`e${i}`, { bytes: 5_000 }));
    expect(createLifeboat(small, SCOPE, 'first').save(many)).toBe(5);
    expect(readLifeboats([...values.values()])).toEqual(many.slice(0, 5));
  });
});
