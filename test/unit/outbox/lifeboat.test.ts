// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { OutboxEvent } from '../../../src/outbox/contract.ts';
import { createLifeboat } from '../../../src/outbox/lifeboat.ts';
import { START_MS } from '../../fakes/clock.ts';
import { events, outboxEvent } from '../../fakes/events.ts';
import { fakeTextStore } from '../../fakes/text-store.ts';

const SCOPE = 'cio-first-party:web';

async function rescued(
  local: ReturnType<typeof fakeTextStore>,
  page = 'next',
): Promise<readonly OutboxEvent[]> {
  const found: OutboxEvent[] = [];
  await createLifeboat(local, SCOPE, page).rescue(async (list) => void found.push(...list));
  return found;
}

describe('a lifeboat', () => {
  test('brings the events of a page that died to the next one, once', async () => {
    const local = fakeTextStore();
    expect(createLifeboat(local, SCOPE, 'first').save(events('e', 3))).toBe(3);
    expect(await rescued(local)).toEqual(events('e', 3));
    expect(await rescued(local)).toEqual([]);
    expect(local.keys()).toEqual([]);
  });

  test('is not written without events', () => {
    const local = fakeTextStore();
    expect(createLifeboat(local, SCOPE, 'first').save([])).toBe(0);
    expect(local.keys()).toEqual([]);
  });

  test('brings what several pages have left, oldest first', async () => {
    const local = fakeTextStore();
    createLifeboat(local, SCOPE, 'b').save([outboxEvent('late', { at: START_MS + 9 })]);
    createLifeboat(local, SCOPE, 'a').save([
      outboxEvent('early', { at: START_MS }),
      outboxEvent('last', { at: START_MS + 20 }),
    ]);
    expect((await rescued(local)).map(({ id }) => id)).toEqual(['early', 'late', 'last']);
  });

  test('is left alone by its own page, which writes its events itself', async () => {
    const local = fakeTextStore();
    const lifeboat = createLifeboat(local, SCOPE, 'page');
    lifeboat.save(events('e', 1));
    expect(await rescued(local, 'page')).toEqual([]);
    lifeboat.clearOwn();
    expect(await rescued(local)).toEqual([]);
  });

  test('of another client key is another one', async () => {
    const local = fakeTextStore();
    createLifeboat(local, 'cio-first-party:web2', 'first').save(events('e', 1));
    local.set('cio-first-party:web', 'x');
    expect(await rescued(local)).toEqual([]);
    expect(local.keys()).toHaveLength(2);
  });

  test('that the browser refuses holds nothing, and says so', () => {
    const local = fakeTextStore();
    local.refuse('full');
    expect(createLifeboat(local, SCOPE, 'first').save(events('e', 3))).toBe(0);
    local.refuse('none');
    expect(createLifeboat(local, SCOPE, 'first').save(events('e', 3))).toBe(0);
  });

  test('takes the oldest, and no more than a small part of what the browser gives', () => {
    const local = fakeTextStore();
    const many = Array.from({ length: 200 }, (_, i) => outboxEvent(`e${i}`, { bytes: 10_000 }));
    const saved = createLifeboat(local, SCOPE, 'first').save(many);
    expect(saved).toBeGreaterThan(20);
    expect(saved).toBeLessThan(30);
    expect([...local.values.values()].join('').length).toBeLessThan(300_000);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '[{"id":'],
    ['no list', '{"id":"a"}'],
    ['null', 'null'],
    ['no events', '[null,1,"x",{},{"id":1,"at":1,"json":"{}","bytes":2},[]]'],
  ])('with %s in it is cleared away', async (_, text) => {
    const local = fakeTextStore({ [`${SCOPE}:lifeboat:x`]: text });
    expect(await rescued(local)).toEqual([]);
    expect(local.keys()).toEqual([]);
  });

  test('keeps what is whole of what is partly broken', async () => {
    const [good] = events('e', 1);
    const local = fakeTextStore({ [`${SCOPE}:lifeboat:x`]: JSON.stringify([{ id: 'bad' }, good]) });
    expect(await rescued(local)).toEqual([good]);
  });

  test('stays until its events are safe', async () => {
    const local = fakeTextStore();
    createLifeboat(local, SCOPE, 'first').save(events('e', 1));
    await createLifeboat(local, SCOPE, 'next')
      .rescue(() => Promise.reject(new Error('no storage')))
      .catch(() => undefined);
    expect(await rescued(local)).toEqual(events('e', 1));
  });

  test('knows its keys', () => {
    const local = fakeTextStore();
    const lifeboat = createLifeboat(local, SCOPE, 'first');
    lifeboat.save(events('e', 1));
    expect(local.keys().map(lifeboat.isOne)).toEqual([true]);
    expect(lifeboat.isOne('ajs_user_id')).toBe(false);
  });
});
