// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { JWTPayload } from 'jose';
import type { ProxyLogEntry } from '../../../../src/proxy.ts';
import { claims, SECRET, signed } from '../../../integration/proxy/key-server.ts';
import { bearer, event, post, startProxy } from '../../../integration/proxy/setup.ts';

const identify = (fields: Record<string, unknown>): Record<string, unknown> =>
  event({ type: 'identify', event: undefined, properties: undefined, ...fields });
const track = event;
const group = (fields: Record<string, unknown>): Record<string, unknown> =>
  event({ type: 'group', event: undefined, properties: undefined, groupId: 'g1', ...fields });

interface Setting {
  readonly mode?: 'required' | 'report';
  /** The claims of the token; without them the request has no token. */
  readonly token?: JWTPayload;
}

/** Returns `arrived`, or the error with which the event was refused. */
async function fateOf(
  one: Record<string, unknown>,
  { mode = 'required', token }: Setting,
): Promise<{ fate: string; log: ProxyLogEntry | undefined }> {
  const log: ProxyLogEntry[] = [];
  const { proxy, upstream } = await startProxy({
    customerToken: { secret: SECRET, mode },
    onLog: (entry) => log.push(entry),
  });
  const headers = token === undefined ? {} : bearer(await signed(claims(token)));
  const response = await proxy.fetch(post([one], { headers }));
  const { rejected = [] } = (await response.json()) as { rejected?: readonly { error: string }[] };
  const arrived = upstream.received.flatMap(({ body }) => body.batch).length;
  expect(arrived + rejected.length).toBe(1);
  return { fate: rejected[0]?.error ?? 'arrived', log: log[0] };
}

describe('where tokens are required, with the token of u1', () => {
  test.each<[string, Record<string, unknown>, JWTPayload]>([
    ['own id', identify({ userId: 'u1', traits: { id: 'u1', plan: 'pro' } }), {}],
    ['own id as a number', identify({ userId: '7', traits: { id: 7 } }), { sub: '7' }],
    ['own address in other letters', identify({ traits: { email: ' ADA@x.test' } }), { email: 'ada@X.test' }],
    ['any address, where the token has none', identify({ userId: 'u1', traits: { email: 'a@x.test' } }), {}],
    ['nothing', identify({ traits: { email: '', id: null, cio_id: '' } }), { email: 'ada@x.test' }],
    ['own id of Customer.io', identify({ traits: { cio_id: '0301' } }), { cio_id: '0301' }],
    ['no object', identify({ traits: 'text', context: { traits: [1] } }), {}],
    [
      'an object that has an address',
      group({ traits: { email: 'info@x.test', id: 7 } }),
      { email: 'a@x.test' },
    ],
  ])('traits with %s are accepted', async (_, one, token) => {
    expect((await fateOf(one, { token })).fate).toBe('arrived');
  });

  test.each<[string, Record<string, unknown>, JWTPayload]>([
    ['another id', identify({ userId: 'u1', traits: { id: 'u2' } }), {}],
    ['another id in other letters', identify({ userId: 'u1', Traits: { ' ID': 'u2' } }), {}],
    ['an id that is no text', identify({ traits: { id: ['u1'] } }), {}],
    ['an id of Customer.io', identify({ userId: 'u1', traits: { cio_id: '0302' } }), {}],
    ['another id of Customer.io', identify({ traits: { cio_id: '0302' } }), { cio_id: '0301' }],
    ['another address', identify({ userId: 'u1', traits: { email: 'eve@x.test' } }), { email: 'a@x.test' }],
    [
      'another address beside its own',
      identify({ traits: { email: 'a@x.test', Email: 'e@x.test' } }),
      { email: 'a@x.test' },
    ],
    ['an address that is no text', identify({ traits: { email: ['a@x.test'] } }), { email: 'a@x.test' }],
    [
      'another address in the context',
      track({ context: { traits: { email: 'e@x.test' } } }),
      { email: 'a@x.test' },
    ],
    ['another id in the context', group({ context: { Traits: { id: 'u2' } } }), {}],
  ])('traits with %s are refused', async (_, one, token) => {
    const { fate, log } = await fateOf(one, { token });
    expect(fate).toBe('subject_mismatch');
    expect(log?.rejected).toEqual({ subject_mismatch: 1 });
  });

  test('a group call is accepted', async () => {
    expect((await fateOf(group({ userId: 'u1' }), { token: {} })).fate).toBe('arrived');
  });
});

describe('where tokens are required, with a client key alone', () => {
  test.each<[string, Record<string, unknown>]>([
    ['traits with an id', identify({ traits: { id: 'u2' } })],
    ['traits with an id of Customer.io', identify({ traits: { cio_id: '0302' } })],
    ['a context with an id', track({ context: { traits: { id: 'u2' } } })],
    ['a group', group({ traits: { plan: 'free' } })],
  ])('%s needs a token', async (_, one) => {
    expect((await fateOf(one, {})).fate).toBe('token_required');
  });

  test('a form may send an email address', async () => {
    expect((await fateOf(identify({ traits: { email: 'new@x.test' } }), {})).fate).toBe('arrived');
  });
});

test('in report mode, all of that is accepted and logged', async () => {
  const one = identify({ traits: { id: 'u2' } });
  const { fate, log } = await fateOf(one, { mode: 'report', token: {} });
  expect([fate, log?.tokenReport]).toEqual(['arrived', { subject_mismatch: 1 }]);
  const without = await fateOf(group({}), { mode: 'report' });
  expect([without.fate, without.log?.tokenReport]).toEqual(['arrived', { token_required: 1 }]);
});
