// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry, ProxyOptions } from '../../../src/proxy.ts';
import { claims, keyPair, SECRET, signed, startKeyServer } from './key-server.ts';
import { bearer, event, fullVerdict, post, startProxy, verdict } from './setup.ts';
import type { Upstream } from './upstream.ts';

const delivered = (upstream: Upstream): readonly unknown[] =>
  upstream.received.flatMap(({ body }) => body.batch.map(({ messageId }) => messageId));

async function startWith(
  mode: 'required' | 'report' | 'disabled' | undefined,
  more: Partial<ProxyOptions> = {},
): Promise<Awaited<ReturnType<typeof startProxy>> & { readonly log: ProxyLogEntry[] }> {
  const log: ProxyLogEntry[] = [];
  const customerToken = { secret: SECRET, mode };
  return { ...(await startProxy({ customerToken, onLog: (entry) => log.push(entry), ...more })), log };
}

describe('in required mode, a batch', () => {
  test('with a token is accepted without the events of other persons', async () => {
    const { proxy, upstream, log } = await startWith('required');
    const batch = [
      event({ messageId: 'mine', userId: 'u1' }),
      event({ messageId: 'theirs', userId: 'u2' }),
      event({ messageId: 'anonymous' }),
      event({ messageId: 'mine too', userId: 'u1', type: 'identify', event: undefined }),
      event({ messageId: 'theirs too', userId: 'U1' }),
    ];
    const response = await proxy.fetch(post(batch, { headers: bearer(await signed(claims())) }));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      success: true,
      rejected: [
        { messageId: 'theirs', error: 'subject_mismatch' },
        { messageId: 'theirs too', error: 'subject_mismatch' },
      ],
    });
    expect(delivered(upstream)).toEqual(['mine', 'anonymous', 'mine too']);
    expect(log[0]).toMatchObject({ status: 200, events: 3, rejected: { subject_mismatch: 2 } });
    expect(log[0]).not.toHaveProperty('tokenReport');
  });

  test('with only a client key is accepted without the events of persons', async () => {
    const { proxy, upstream, log } = await startWith('required');
    const batch = [
      event({ messageId: 'a' }),
      event({ messageId: 'b', userId: 'u1' }),
      event({ messageId: 'c' }),
    ];
    const response = await proxy.fetch(post(batch));
    expect(await response.json()).toEqual({
      success: true,
      rejected: [{ messageId: 'b', error: 'token_required' }],
    });
    expect(delivered(upstream)).toEqual(['a', 'c']);
    expect(log[0]).toMatchObject({ events: 2, rejected: { token_required: 1 } });
  });

  test.each(['USERID', 'userid', 'u\u017FerId', 'previou\u017FId'])(
    'must not name another person as %s, which servers that ignore case could read',
    async (field) => {
      const { proxy, upstream } = await startWith('required');
      const batch = [event({ messageId: 'x', [field]: 'u2' })];
      const response = await proxy.fetch(post(batch, { headers: bearer(await signed(claims())) }));
      expect(await response.json()).toEqual({
        success: true,
        rejected: [{ messageId: 'x', error: 'subject_mismatch' }],
      });
      expect(delivered(upstream)).toEqual([]);
    },
  );

  test('without any permitted event gets 200, and Customer.io gets no request', async () => {
    const { proxy, upstream } = await startWith('required');
    const response = await proxy.fetch(post([event({ messageId: 'b', userId: 'u1' })]));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ rejected: [{ messageId: 'b' }] });
    expect(upstream.received).toHaveLength(0);
  });

  test('with only permitted events gets the usual response', async () => {
    const { proxy } = await startWith('required');
    const anonymous = [event(), event({ userId: null }), event({ userId: '' })];
    expect(await (await proxy.fetch(post(anonymous))).json()).toEqual({ success: true });
    const headers = bearer(await signed(claims()));
    const mine = [event({ userId: 'u1' })];
    expect(await (await proxy.fetch(post(mine, { headers }))).json()).toEqual({ success: true });
    expect(await (await proxy.fetch(post([], { headers }))).json()).toEqual({ success: true });
  });

  test('lists a refused event without an id, too', async () => {
    const { proxy } = await startWith('required');
    const response = await proxy.fetch(post([event({ messageId: undefined, userId: 'u1' })]));
    expect(await response.json()).toMatchObject({ rejected: [{ messageId: null }] });
  });

  test.each<[string, Record<string, unknown>]>([
    ['takes over another person', { type: 'alias', userId: 'u1', previousId: 'u2' }],
    ['is taken over by another', { type: 'alias', userId: 'u2', previousId: 'u1' }],
    ['hides its person from this proxy, not from others', { userId: 'u1', UserID: 'u2' }],
    ['names its person by something that is no text', { userId: ['u1'] }],
    ['names its person by a number', { userId: 1 }],
  ])('loses an event that %s', async (_, fields) => {
    const { proxy, upstream } = await startWith('required');
    const batch = [event({ messageId: 'x', ...fields })];
    const response = await proxy.fetch(post(batch, { headers: bearer(await signed(claims())) }));
    expect(await response.json()).toMatchObject({
      rejected: [{ messageId: 'x', error: 'subject_mismatch' }],
    });
    expect(upstream.received).toHaveLength(0);
  });

  test('with a bad token is refused as a whole, and kept by the browser', async () => {
    const { proxy, upstream, log } = await startWith('required');
    const headers = bearer(await signed(claims({ exp: 1 })));
    expect(await fullVerdict(await proxy.fetch(post([event()], { headers })))).toBe(
      '401 invalid_token expired',
    );
    expect(upstream.received).toHaveLength(0);
    expect(log[0]).toMatchObject({ error: 'invalid_token', reason: 'expired' });
  });

  test('that Customer.io refuses does not list refused events: the whole batch is repeated', async () => {
    const { proxy, upstream } = await startWith('required');
    upstream.respond({ status: 500 });
    const response = await proxy.fetch(post([event(), event({ userId: 'u1' })]));
    expect(await fullVerdict(response)).toBe('503 upstream_unavailable');
  });

  test('is checked before the hooks: fields that "transform" adds are trusted', async () => {
    const seen: unknown[] = [];
    const { proxy, upstream } = await startWith('required', {
      filter: ({ messageId }) => seen.push(messageId) > 0,
      transform: (each) => ({ ...each, userId: 'from the session' }),
    });
    await proxy.fetch(post([event({ messageId: 'a' }), event({ messageId: 'b', userId: 'u1' })]));
    expect(seen).toEqual(['a']);
    expect(upstream.received[0]?.body.batch).toMatchObject([{ messageId: 'a', userId: 'from the session' }]);
  });

  test('is passed to "deliver" without the refused events', async () => {
    const batches: unknown[] = [];
    const { proxy } = await startWith('required', { deliver: ({ batch }) => batches.push(batch) });
    await proxy.fetch(post([event({ messageId: 'a' }), event({ messageId: 'b', userId: 'u1' })]));
    expect(batches).toMatchObject([[{ messageId: 'a' }]]);
  });
});

describe('in report mode, a batch', () => {
  test('is accepted as a whole, and the log names the events that would be refused', async () => {
    const { proxy, upstream, log } = await startWith('report');
    const batch = (): readonly unknown[] =>
      [{}, { userId: 'u1' }, { userId: 'u2' }, { userId: 'u3' }].map(event);
    expect(await (await proxy.fetch(post(batch()))).json()).toEqual({ success: true });
    const headers = bearer(await signed(claims()));
    expect(await (await proxy.fetch(post(batch(), { headers }))).json()).toEqual({ success: true });
    expect(delivered(upstream)).toHaveLength(8);
    expect(log[0]).toMatchObject({ events: 4, tokenReport: { token_required: 3 } });
    expect(log[1]).toMatchObject({ events: 4, tokenReport: { subject_mismatch: 2 } });
    expect(log[0]).not.toHaveProperty('rejected');
  });

  test('with a bad token is accepted, too', async () => {
    const { proxy, upstream, log } = await startWith('report');
    for (const token of [
      '',
      'nonsense',
      await signed(claims({ exp: 1 })),
      await signed(claims(), `${SECRET}!`),
    ])
      expect((await proxy.fetch(post([event(), event()], { headers: bearer(token) }))).status).toBe(200);
    expect(delivered(upstream)).toHaveLength(8);
    expect(log.map(({ tokenReport }) => tokenReport)).toEqual([
      { 'invalid_token:missing': 2 },
      { 'invalid_token:malformed': 2 },
      { 'invalid_token:expired': 2 },
      { 'invalid_token:signature': 2 },
    ]);
  });

  test('with a token that cannot be verified, or lacks the scope, is accepted, too', async () => {
    const server = await startKeyServer();
    server.publish(500);
    const { proxy, log } = await startWith('report', {
      customerToken: { jwksUrl: server.url, mode: 'report' },
    });
    const unchecked = bearer(await signed(claims(), await keyPair('k')));
    expect((await proxy.fetch(post([event()], { headers: unchecked }))).status).toBe(200);
    expect(log[0]?.tokenReport).toEqual({ token_check_failed: 1 });
    // An event that needs the token's permission gets 503 until the token can be checked.
    const merge = event({ type: 'alias', userId: 'u1', previousId: 'somebody' });
    expect(await verdict(await proxy.fetch(post([event(), merge], { headers: unchecked })))).toBe(
      '503 token_check_failed',
    );

    const scoped = await startWith('report', {
      customerToken: { secret: SECRET, mode: 'report', scope: 'x' },
    });
    const headers = bearer(await signed(claims()));
    expect((await scoped.proxy.fetch(post([event()], { headers }))).status).toBe(200);
    expect(scoped.log[0]?.tokenReport).toEqual({ insufficient_scope: 1 });
  });

  test('without any problem is not reported', async () => {
    const { proxy, log } = await startWith('report');
    const headers = bearer(await signed(claims()));
    await proxy.fetch(post([event({ userId: 'u1' }), event()], { headers }));
    expect(log[0]).not.toHaveProperty('tokenReport');
  });

  test('still needs its client key', async () => {
    const { proxy } = await startWith('report');
    const headers = bearer(await signed(claims()), { 'X-CIO-Client-Key': 'unknown' });
    expect(await fullVerdict(await proxy.fetch(post([], { headers })))).toBe('401 invalid_client_key');
  });
});

test('in disabled mode, tokens are refused, and events of persons are accepted', async () => {
  const { proxy, upstream } = await startWith('disabled');
  const response = await proxy.fetch(post([event()], { headers: bearer(await signed(claims())) }));
  expect(await response.json()).toMatchObject({
    error: 'invalid_token',
    message: expect.stringContaining('not configured'),
  });
  expect(await (await proxy.fetch(post([event({ userId: 'u1' })]))).json()).toEqual({ success: true });
  expect(upstream.received).toHaveLength(1);
});
