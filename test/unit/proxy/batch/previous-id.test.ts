// @vitest-environment node
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry, ProxyOptions } from '../../../../src/proxy.ts';
import { claims, SECRET, signed } from '../../../integration/proxy/key-server.ts';
import { bearer, event, post, startProxy } from '../../../integration/proxy/setup.ts';

type Mode = 'none' | 'disabled' | 'report' | 'required';
type Batch = readonly Readonly<Record<string, unknown>>[];

interface Result {
  /** The ids of the events that Customer.io has received. */
  readonly arrived: readonly unknown[];
  readonly rejected: Readonly<Record<string, string>>;
  readonly log: ProxyLogEntry | undefined;
}

async function sendIn(
  mode: Mode,
  batch: Batch,
  subject?: string,
  more?: Partial<ProxyOptions>,
): Promise<Result> {
  const log: ProxyLogEntry[] = [];
  const { proxy, upstream } = await startProxy({
    ...(mode !== 'none' && { customerToken: { secret: SECRET, mode } }),
    onLog: (entry) => log.push(entry),
    ...more,
  });
  const headers = subject === undefined ? {} : bearer(await signed(claims({ sub: subject })));
  const response = await proxy.fetch(post(batch, { headers }));
  expect(response.status).toBe(200);
  const { rejected = [] } = (await response.json()) as {
    rejected?: readonly { messageId: string; error: string }[];
  };
  return {
    arrived: upstream.received.flatMap(({ body }) => body.batch.map(({ messageId }) => messageId)),
    rejected: Object.fromEntries(rejected.map(({ messageId, error }) => [messageId, error])),
    log: log[0],
  };
}

const ANONYMOUS = randomUUID();
const alias = (fields: Record<string, unknown>): Record<string, unknown> =>
  event({ messageId: 'alias', type: 'alias', event: undefined, properties: undefined, ...fields });
const around = (each: Record<string, unknown>): Batch => [
  event({ messageId: 'before' }),
  each,
  event({ messageId: 'after' }),
];

const MODES: readonly Mode[] = ['none', 'disabled', 'report', 'required'];

describe.each(MODES)('with tokens "%s" and a client key alone', (mode) => {
  test.each<[string, Record<string, unknown>]>([
    ['a person', { previousId: 'victim' }],
    ['a person by e-mail', { previousId: 'victim@example.com' }],
    ['a person by number', { previousId: 4_711 }],
    ['several', { previousId: ['victim'] }],
    ['a person whom it also gives as its anonymous id', { previousId: 'victim', anonymousId: 'victim' }],
    ['a number that it also gives as its anonymous id', { previousId: '4711', anonymousId: '4711' }],
    ['the random id of somebody else', { previousId: randomUUID(), anonymousId: ANONYMOUS }],
    ['a random id without its own', { previousId: ANONYMOUS, anonymousId: undefined }],
    ['a person in other letters', { PreviousID: 'victim' }],
    ['a person with a long s', { 'previou\u017fId': 'victim' }],
    ['a person beside its own id', { previousId: ANONYMOUS, previousid: 'victim', anonymousId: ANONYMOUS }],
    ['its own id beside another', { previousId: ANONYMOUS, anonymousId: ANONYMOUS, anonymousID: 'other' }],
    ['a person with a space', { previousId: ' victim' }],
  ])('an alias cannot merge %s; the rest of its batch arrives', async (_, fields) => {
    const { arrived, rejected, log } = await sendIn(
      mode,
      around(alias({ ...(mode !== 'required' && { userId: 'mallory' }), ...fields })),
    );
    expect(arrived).toEqual(['before', 'after']);
    expect(rejected).toEqual({ alias: 'token_required' });
    expect(log).toMatchObject({ status: 200, events: 2, rejected: { token_required: 1 } });
  });

  test('another type of call cannot either', async () => {
    const { arrived } = await sendIn(mode, around(event({ messageId: 'x', previousId: 'victim' })));
    expect(arrived).toEqual(['before', 'after']);
  });

  test('events without a previous id are not affected', async () => {
    const batch = [alias({ previousId: null, messageId: 'a' }), alias({ previousId: '', messageId: 'b' })];
    const { arrived, log } = await sendIn(mode, batch);
    expect(arrived).toEqual(['a', 'b']);
    expect(log).not.toHaveProperty('rejected');
  });
});

describe.each<Mode>(['none', 'disabled', 'report'])('with tokens "%s"', (mode) => {
  test.each([
    ['that the SDK makes', ANONYMOUS],
    ['that the SDK makes on pages without TLS', '4294967295'.repeat(4)],
    ['with a prefix', `shop-${ANONYMOUS}`],
  ])('a visitor can become a person, by the random id %s', async (_, id) => {
    const batch = around(alias({ userId: 'u1', previousId: id, anonymousId: id }));
    const { arrived, rejected } = await sendIn(mode, batch);
    expect(arrived).toEqual(['before', 'alias', 'after']);
    expect(rejected).toEqual({});
  });

  test('several aliases in one batch are checked one by one', async () => {
    const batch = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0
        ? alias({ messageId: `good ${i}`, userId: 'u1', previousId: ANONYMOUS, anonymousId: ANONYMOUS })
        : alias({ messageId: `bad ${i}`, userId: 'u1', previousId: `victim ${i}` }),
    );
    const { arrived, rejected, log } = await sendIn(mode, batch);
    expect(arrived).toHaveLength(20);
    expect(arrived.every((id) => String(id).startsWith('good'))).toBe(true);
    expect(Object.keys(rejected)).toHaveLength(20);
    expect(log).toMatchObject({ events: 20, rejected: { token_required: 20 } });
  });

  test('an alias with a duplicate field is checked by the value that is forwarded', async () => {
    const body = `{"batch":[{"type":"alias","messageId":"m","userId":"mallory","previousId":"${ANONYMOUS}","anonymousId":"${ANONYMOUS}","previous\\u0049d":"victim"}]}`;
    const { proxy, upstream } = await startProxy();
    expect(await (await proxy.fetch(post([], { body }))).json()).toMatchObject({
      rejected: [{ messageId: 'm', error: 'token_required' }],
    });
    expect(upstream.received).toEqual([]);
  });
});

describe('with a token', () => {
  test.each<Mode>(['report', 'required'])('in mode "%s" only its own person can be merged', async (mode) => {
    const batch = around(alias({ userId: 'mallory', previousId: 'victim' }));
    const { arrived, rejected } = await sendIn(mode, batch, 'mallory');
    expect(arrived).toEqual(['before', 'after']);
    expect(rejected).toEqual({ alias: 'subject_mismatch' });
  });

  test.each<Mode>(['report', 'required'])('in mode "%s" its visitor can become its person', async (mode) => {
    const batch = around(alias({ userId: 'u1', previousId: ANONYMOUS, anonymousId: ANONYMOUS }));
    const { arrived } = await sendIn(mode, batch, 'u1');
    expect(arrived).toEqual(['before', 'alias', 'after']);
  });

  test('in mode "report" its person can become another one', async () => {
    const { arrived } = await sendIn('report', around(alias({ userId: 'u2', previousId: 'u1' })), 'u1');
    expect(arrived).toEqual(['before', 'alias', 'after']);
  });

  test('an invalid one, in mode "report", counts as none', async () => {
    const { proxy, upstream } = await startProxy({ customerToken: { secret: SECRET } });
    const headers = bearer(await signed(claims({ sub: 'victim', exp: 1 })));
    const batch = around(alias({ userId: 'mallory', previousId: 'victim' }));
    expect(await (await proxy.fetch(post(batch, { headers }))).json()).toMatchObject({
      rejected: [{ messageId: 'alias', error: 'token_required' }],
    });
    expect(upstream.received[0]?.body.batch).toHaveLength(2);
  });
});

test('an alias that a hook makes is trusted', async () => {
  const { arrived } = await sendIn('none', [event({ messageId: 'x' })], undefined, {
    transform: (each) => ({ ...each, type: 'alias', previousId: 'u1' }),
  });
  expect(arrived).toEqual(['x']);
});
