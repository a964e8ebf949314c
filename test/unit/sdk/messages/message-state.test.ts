// @vitest-environment node
import { randomBytes, webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createMessageStates, type MessageState } from '../../../../src/sdk/messages/message-state.ts';
import { fakeClock, START_MS } from '../../../fakes/clock.ts';
import { type FakeTextStore, fakeTextStore } from '../../../fakes/text-store.ts';
import { NO_RECORD } from './setup.ts';

interface PageOptions {
  readonly clock?: ReturnType<typeof fakeClock>;
  readonly subtle?: SubtleCrypto | undefined;
  readonly mayWrite?: () => boolean;
}

const subtle = webcrypto.subtle as SubtleCrypto;

/** The function of one page that opens the records of a person. */
function page(local: FakeTextStore, options: PageOptions = {}): (person?: string) => Promise<MessageState> {
  const states = createMessageStates({
    local,
    scope: 'site',
    clock: options.clock ?? fakeClock(),
    subtle: 'subtle' in options ? options.subtle : subtle,
    randomNumbers: (count) => Array.from({ length: count }, () => randomBytes(4).readUInt32LE()),
    mayWrite: options.mayWrite ?? (() => true),
  });
  return (person) => states(person);
}

const textOf = (local: FakeTextStore): string => JSON.stringify([...local.values]);
const personKeys = (local: FakeTextStore): readonly string[] =>
  local.keys().filter((key) => key.startsWith('site:messages:') && !key.endsWith(':guest'));

describe('the records of messages', () => {
  test('are empty at first, and nothing is stored for them', async () => {
    const local = fakeTextStore();
    expect((await page(local)('u1')).get('q1')).toEqual(NO_RECORD);
    expect(personKeys(local)).toEqual([]);
  });

  test('are known to the next page and to the other tabs, of the same person only', async () => {
    const local = fakeTextStore();
    const state = await page(local)('u1');
    const otherTab = await page(local)('u1');
    const change = {
      shownCount: 3,
      shownAtMs: START_MS,
      isSeen: true,
      isDismissed: true,
      snoozedUntilMs: START_MS + 5,
      loadingUntilMs: 7,
    };
    state.update('q1', change);
    expect(state.get('q1')).toEqual(change);
    expect(otherTab.get('q1')).toEqual(change);
    expect((await page(local)('u1')).get('q1')).toEqual(change);
    expect((await page(local)('u2')).get('q1')).toEqual(NO_RECORD);
    expect((await page(local)()).get('q1')).toEqual(NO_RECORD);
    expect(state.get('q2')).toEqual(NO_RECORD);
  });

  test('of two tabs do not overwrite each other', async () => {
    const local = fakeTextStore();
    const [one, other] = [await page(local)('u1'), await page(local)('u1')];
    one.update('q1', { isSeen: true });
    other.update('q2', { isSeen: true });
    one.update('q3', { isSeen: true });
    other.update('q1', { shownCount: 1 });
    for (const id of ['q1', 'q2', 'q3']) expect(one.get(id).isSeen, id).toBe(true);
    expect(one.get('q1')).toEqual({ ...NO_RECORD, isSeen: true, shownCount: 1 });
  });

  test('contain no id of a person or a message in clear, and all keys have the scope', async () => {
    const local = fakeTextStore();
    const state = await page(local)('anna@example.com');
    state.update('queue-id-1', { isSeen: true });
    (await page(local)()).update('queue-id-2', { shownCount: 1 });
    expect(local.keys()).toHaveLength(3);
    for (const key of local.keys()) expect(key).toMatch(/^site:messages/);
    for (const id of ['anna', btoa('anna@example.com'), 'queue-id']) expect(textOf(local)).not.toContain(id);
  });

  test('have another key in every browser: HMAC-SHA256 by a random key of 256 bits', async () => {
    const keys = await Promise.all(
      ['one', 'other'].map(async () => {
        const local = fakeTextStore();
        (await page(local)('u1')).update('q1', { isSeen: true });
        const secret = local.get('site:messages-key') ?? '';
        expect(secret).toMatch(/^[\da-f]{64}$/);
        const encoder = new TextEncoder();
        const algorithm = { name: 'HMAC', hash: 'SHA-256' };
        const key = await subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign']);
        const hash = Buffer.from(await subtle.sign('HMAC', key, encoder.encode('u1'))).toString('hex');
        expect(personKeys(local)).toEqual([`site:messages:${hash}`]);
        return hash;
      }),
    );
    expect(keys[0]).not.toBe(keys[1]);
  });

  test('of at most 200 messages are kept: those that were changed last', async () => {
    const local = fakeTextStore();
    const clock = fakeClock();
    const state = await page(local, { clock })('u1');
    for (let i = 0; i < 260; i++) {
      state.update(`q${i}`, { isSeen: true });
      await clock.advance(1);
    }
    state.update('q60', { shownCount: 1 });
    const isKept = (number: number): boolean => state.get(`q${number}`).isSeen;
    expect([0, 59, 60, 61, 200, 259].map(isKept)).toEqual([false, false, true, true, true, true]);
    expect(Object.keys(JSON.parse(local.get(personKeys(local)[0] ?? '') ?? '') as object)).toHaveLength(200);
    expect(textOf(local).length).toBeLessThan(15_000);
  });

  test('of at most five persons are kept, and of the guest', async () => {
    const local = fakeTextStore();
    const clock = fakeClock();
    const open = page(local, { clock });
    (await open()).update('b1', { shownCount: 1 });
    for (let i = 0; i < 9; i++) {
      (await open(`u${i}`)).update('q1', { isSeen: true });
      await clock.advance(1_000);
    }
    expect(personKeys(local).length).toBeLessThanOrEqual(5);
    expect((await open('u8')).get('q1').isSeen).toBe(true);
    expect((await open('u0')).get('q1').isSeen).toBe(false);
    expect((await open()).get('b1').shownCount).toBe(1);
  });
});

describe('a storage that fails', () => {
  test.each(['full', 'none'] as const)('(%s) leaves the records in memory', async (how) => {
    const local = fakeTextStore();
    local.refuse(how);
    const open = page(local);
    const state = await open('u1');
    state.update('q1', { isSeen: true });
    state.update('q2', { shownCount: 2 });
    expect([state.get('q1').isSeen, state.get('q2').shownCount]).toEqual([true, 2]);
    expect((await open('u1')).get('q1').isSeen).toBe(true);
    expect((await open('u2')).get('q1').isSeen).toBe(false);
    expect(local.values.size).toBe(0);
  });

  test('that has no room for the random key stores no person later either: the next page could not find the records', async () => {
    const local = fakeTextStore();
    local.refuse('full');
    const state = await page(local)('u1');
    local.refuse('nothing');
    state.update('q1', { isSeen: true });
    expect(state.get('q1').isSeen).toBe(true);
    expect(local.values.size).toBe(0);
  });

  test('that becomes full keeps what was stored, and stores the rest when it has room again', async () => {
    const local = fakeTextStore();
    const state = await page(local)('u1');
    state.update('q1', { isSeen: true });
    local.refuse('full');
    state.update('q2', { isSeen: true });
    expect([state.get('q1').isSeen, state.get('q2').isSeen]).toEqual([true, true]);
    local.refuse('nothing');
    state.update('q3', { isSeen: true });
    const next = await page(local)('u1');
    for (const id of ['q1', 'q2', 'q3']) expect(next.get(id).isSeen, id).toBe(true);
  });

  test('does not hide a later change of another tab', async () => {
    const local = fakeTextStore();
    const clock = fakeClock();
    const state = await page(local, { clock })('u1');
    const otherTab = await page(local, { clock })('u1');
    local.refuse('full');
    state.update('q1', { shownCount: 1 });
    local.refuse('nothing');
    await clock.advance(1_000);
    otherTab.update('q1', { shownCount: 2, isSeen: true });
    expect(state.get('q1')).toMatchObject({ shownCount: 2, isSeen: true });
  });

  test.each([
    '',
    '{',
    'null',
    '5',
    '[]',
    '"text"',
    '{"a":null}',
    '{"a":[1,2]}',
    '{"a":[1,2,3,4,5,6,7,{}]}',
    '{"a":["1",2,3,4,5,6]}',
    '[[1,2,3,4,5,6]]',
    '{"a":[null,null,null,null,null,null]}',
  ])('with the text %s counts as empty, and is written over', async (text) => {
    const local = fakeTextStore();
    const first = await page(local)('u1');
    first.update('q1', { isSeen: true });
    const [key = ''] = personKeys(local);
    const [id = ''] = Object.keys(JSON.parse(local.get(key) ?? '') as object);
    local.set(key, text.replace('"a"', JSON.stringify(id)));
    const state = await page(local)('u1');
    expect(state.get('q1')).toEqual(NO_RECORD);
    expect(first.get('q1')).toEqual(NO_RECORD);
    state.update('q2', { isSeen: true });
    expect((await page(local)('u1')).get('q2').isSeen).toBe(true);
  });

  test('without crypto.subtle, or with one that fails, keeps persons in memory only', async () => {
    const failing = {
      importKey: () => Promise.reject(new Error('OperationError')),
    } as unknown as SubtleCrypto;
    for (const broken of [undefined, failing]) {
      const local = fakeTextStore();
      const state = await page(local, { subtle: broken })('u1');
      state.update('q1', { isSeen: true });
      expect(state.get('q1').isSeen).toBe(true);
      expect(personKeys(local)).toEqual([]);
      expect((await page(local, { subtle: broken })('u1')).get('q1').isSeen).toBe(false);
    }
  });

  test('is not written without consent', async () => {
    const local = fakeTextStore();
    let mayWrite = false;
    const open = page(local, { mayWrite: () => mayWrite });
    (await open('u1')).update('q1', { isSeen: true });
    (await open()).update('q1', { isSeen: true });
    expect(local.values.size).toBe(0);
    mayWrite = true;
    const state = await open('u2');
    mayWrite = false;
    state.update('q1', { isSeen: true });
    expect(personKeys(local)).toEqual([]);
    expect(state.get('q1').isSeen).toBe(true);
  });
});

describe('forget()', () => {
  test('deletes the records of the person, and a late update does not bring them back', async () => {
    const local = fakeTextStore();
    const open = page(local);
    const state = await open('u1');
    (await open('u2')).update('q1', { isSeen: true });
    state.update('q1', { isSeen: true });
    state.forget();
    expect(state.get('q1')).toEqual(NO_RECORD);
    state.update('q1', { isSeen: true });
    expect(state.get('q1')).toEqual(NO_RECORD);
    expect(personKeys(local)).toHaveLength(1);
    expect((await open('u2')).get('q1').isSeen).toBe(true);
    // The same person comes back.
    const again = await open('u1');
    again.update('q1', { shownCount: 1 });
    expect(again.get('q1')).toEqual({ ...NO_RECORD, shownCount: 1 });
  });

  test('deletes what is in memory', async () => {
    const local = fakeTextStore();
    local.refuse('none');
    const open = page(local);
    const state = await open('u1');
    state.update('q1', { isSeen: true });
    state.forget();
    expect((await open('u1')).get('q1')).toEqual(NO_RECORD);
  });

  test.each(['nothing', 'full'] as const)(
    'leaves the counters of broadcasts to the guest, and nothing else (refused: %s)',
    async (how) => {
      const local = fakeTextStore();
      const open = page(local);
      const guest = await open();
      guest.update('q2', { isSeen: true });
      local.refuse(how);
      const counters = { shownCount: 2, shownAtMs: START_MS, isDismissed: true };
      guest.update('b1', { ...counters, snoozedUntilMs: 5, loadingUntilMs: 5 });
      guest.update('b2', { snoozedUntilMs: 5 });
      guest.update('q1', { shownCount: 1, isSeen: true });
      guest.forget();
      for (const state of [guest, await open()]) {
        expect(state.get('b1')).toEqual({ ...NO_RECORD, ...counters });
        expect(state.get('b2')).toEqual(NO_RECORD);
        expect(state.get('q1')).toEqual(NO_RECORD);
        expect(state.get('q2')).toEqual(NO_RECORD);
      }
      // The next guest of this browser has the same counters.
      guest.update('b3', { shownCount: 1 });
      expect((await open()).get('b3').shownCount).toBe(1);
    },
  );
});
