// @vitest-environment node
import { afterEach, expect, test, vi } from 'vitest';
import { createHandles, type HandleContent } from '../../../../src/proxy/messages/handle.ts';

const DAY_MS = 86_400_000;
const PERSON = { recipient: { kind: 'person', id: 'ユーザー1' }, reported: { deliveryId: 'd1' } } as const;

afterEach(() => void vi.useRealTimers());

test.each<HandleContent>([
  PERSON,
  { recipient: { kind: 'guest', id: 'g1' }, reported: { contentId: 7, templateId: 3 } },
  { recipient: { kind: 'person', id: '"],' }, reported: { deliveryId: '' } },
])('a handle says what was signed: %j', async (content) => {
  const { sign, verify } = createHandles(() => 'secret');
  const handle = await sign(content);
  expect(handle).toMatch(/^[\w-]+\.[\w-]{43}$/);
  expect(await verify(handle)).toEqual(content);
});

test('a handle is valid for 30 days at least, and for 31 at most', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T18:00:00Z') });
  const { sign, verify } = createHandles(() => 'secret');
  const handle = await sign(PERSON);
  vi.setSystemTime(Date.now() + 30 * DAY_MS);
  expect(await verify(handle)).toEqual(PERSON);
  vi.setSystemTime(Date.now() + DAY_MS);
  expect(await verify(handle)).toBeNull();
});

test('a message has the same handle for a day', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T00:00:01Z') });
  const { sign } = createHandles(() => 'secret');
  const morning = await sign(PERSON);
  vi.setSystemTime(Date.parse('2026-03-01T23:59:59Z'));
  expect(await sign(PERSON)).toBe(morning);
  vi.setSystemTime(Date.parse('2026-03-02T00:00:01Z'));
  expect(await sign(PERSON)).not.toBe(morning);
});

test('handles of a secret that was replaced are no longer valid', async () => {
  let secret = 'first';
  const { sign, verify } = createHandles(() => secret);
  const handle = await sign(PERSON);
  secret = 'second';
  expect(await verify(handle)).toBeNull();
  secret = 'first';
  expect(await verify(handle)).toEqual(PERSON);
});

test('a signed text that is no handle of this version is none', async () => {
  const secret = 'secret';
  const { verify } = createHandles(() => secret);
  const { sign } = createHandles(() => secret);
  const unknown = {
    recipient: { kind: 'group', id: 'g' },
    reported: { deliveryId: 'd' },
  } as unknown as HandleContent;
  expect(await verify(await sign(unknown))).toBeNull();
});
