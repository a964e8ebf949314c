// @vitest-environment node
import { expect, test } from 'vitest';
import type { ProxyOptions } from '../../../src/proxy.ts';
import { post, startProxy, verdict } from './setup.ts';

const ONE =
  '{ "type":"track", "event":"A", "messageId":"m1", "anonymousId":"a", "properties":{"n":1.50,"big":12345678901234567890} }';
const TWO = ONE.replace('m1', 'm2');
const THREE = ONE.replace('m1', 'm3');
const NOW = new Date().toISOString();
const bodyOf = (...events: readonly string[]): string =>
  `{ "batch": [${events.join(' , ')}], "sentAt":"${NOW}" }`;

async function forwarded(body: string | Uint8Array, options: Partial<ProxyOptions> = {}): Promise<string> {
  const { proxy, upstream } = await startProxy(options);
  expect(await verdict(await proxy.fetch(post([], { body })))).toBe('200');
  return upstream.received[0]?.text ?? '';
}

test('a batch is forwarded with its original bytes, numbers and spaces included', async () => {
  expect(await forwarded(bodyOf(ONE, TWO))).toBe(bodyOf(ONE, TWO));
});

test.each<[string, Partial<ProxyOptions>]>([
  ['a clock that is right', { correctClock: true }],
  ['a trusted address that is not there', { clientIp: 'x-real-ip' }],
  ['events that were never seen', { deduplicate: true }],
])('the bytes also stay the same with %s', async (_, options) => {
  expect(await forwarded(bodyOf(ONE, TWO), options)).toBe(bodyOf(ONE, TWO));
});

test('a byte order mark is removed', async () => {
  const body = bodyOf(ONE);
  expect(await forwarded(`\ufeff${body}`)).toBe(body);
  const { proxy } = await startProxy();
  expect(await verdict(await proxy.fetch(post([], { body: `\ufeff\ufeff${body}` })))).toBe(
    '400 invalid_json',
  );
});

test('an event with a duplicate field is written again with one value; the others keep their bytes', async () => {
  const twice = TWO.replace('"event":"A"', '"event":"User Deleted","event":"A"');
  const text = await forwarded(bodyOf(ONE, twice, THREE));
  expect(text).toContain(ONE);
  expect(text).toContain(THREE);
  expect(text).not.toContain('User Deleted');
  expect((JSON.parse(text) as { batch: unknown[] }).batch).toHaveLength(3);
});

test('a second field cannot name another person', async () => {
  const twice = ONE.replace('"event"', '"userid":"victim","userid":"u1","event"');
  expect(await forwarded(bodyOf(twice))).not.toContain('victim');
});

test('an event that is too large only because of its spaces is sent without them', async () => {
  const spaced = ONE.replace('{', `{${' '.repeat(40_000)}`);
  const text = await forwarded(bodyOf(spaced));
  expect(text).not.toContain('  ');
  expect(text).toContain('"messageId":"m1"');
});

test('a part of a batch keeps its bytes, too', async () => {
  const { proxy, upstream } = await startProxy();
  upstream.respond(({ text }) => (text.includes('"m2"') ? { status: 400 } : {}));
  const response = await proxy.fetch(post([], { body: bodyOf(ONE, TWO, THREE) }));
  expect(await response.json()).toMatchObject({ rejected: [{ messageId: 'm2' }] });
  const [whole, ...parts] = upstream.received.map(({ text }) => text);
  expect(whole).toBe(bodyOf(ONE, TWO, THREE));
  expect(parts).toContain(`{"batch":[${THREE}],"sentAt":"${NOW}"}`);
});

test('a batch with events that were accepted before is forwarded without them', async () => {
  const { proxy, upstream } = await startProxy({ deduplicate: true });
  for (const body of [bodyOf(ONE), bodyOf(ONE, TWO)])
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('200');
  expect(upstream.received[1]?.text).toBe(`{"batch":[${TWO}],"sentAt":"${NOW}"}`);
});

test('a batch that a hook has received is written again, since the hook may have changed it', async () => {
  const filter: ProxyOptions['filter'] = (event) => {
    Object.assign(event, { seen: true });
    return true;
  };
  expect(await forwarded(bodyOf(ONE), { filter })).toContain('"seen":true');
});
