// @vitest-environment node
/** How the proxy verifies a customer token and its claims. */
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProxyLogEntry } from '../../../src/proxy.ts';
import { claims, keyPair, nowSeconds, part, SECRET, signed } from './key-server.ts';
import { bearer, event, fullVerdict, post, startProxy } from './setup.ts';
import { MINE, ask, proxyWith, hmac } from './token-verifier-setup.ts';

// Fake time moves only when a test moves it, so that the limits of a lifetime can be tested exactly.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_900_000_000_000 }));

afterEach(() => void vi.useRealTimers());

describe('a customer token', () => {
  test('of the person of the events is accepted', async () => {
    const { proxy, upstream } = await startProxy({ customerToken: { secret: SECRET, mode: 'required' } });
    expect(await ask(proxy, await signed(claims()))).toBe('200');
    expect(upstream.received[0]?.body.batch).toHaveLength(1);
  });

  test('is refused with a reason, the server time and a challenge other than Basic', async () => {
    const proxy = await proxyWith({ secret: SECRET });
    const token = await signed(claims({ exp: nowSeconds() - 3_600 }));
    const response = await proxy.fetch(post([event(MINE)], { headers: bearer(token) }));
    expect(response.status).toBe(401);
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"');
    expect(await response.json()).toEqual({
      error: 'invalid_token',
      message: 'The customer token has expired.',
      serverTime: Date.now(),
      reason: 'expired',
    });
  });

  test('is refused before the body is read, and nothing is forwarded', async () => {
    const { proxy, upstream } = await startProxy({ customerToken: { secret: SECRET, mode: 'required' } });
    const request = post([event(MINE)], { headers: bearer('no token') });
    await proxy.fetch(request);
    expect(request.bodyUsed).toBe(false);
    expect(upstream.received).toHaveLength(0);
  });

  test.each<[string, () => Promise<string> | string, string]>([
    ['nothing', () => '', 'missing'],
    ['one word', () => 'token', 'malformed'],
    ['two parts', () => 'a.b', 'malformed'],
    ['four parts', async () => `${await signed(claims())}.x`, 'malformed'],
    ['words after it', async () => `${await signed(claims())} more`, 'malformed'],
    ['a header that is no JSON', () => 'e30x.e30.x', 'malformed'],
    ['more than 8 KiB', async () => signed(claims({ long: 'x'.repeat(8_192) })), 'malformed'],
    ['an extension that must be understood', critical, 'malformed'],
    ['claims that are no object', () => hmac({ alg: 'HS256' }, ['sub', 'u1']), 'malformed'],
    ['claims that are no JSON', () => hmac({ alg: 'HS256' }, undefined), 'malformed'],
    ['no exp', async () => signed({ sub: 'u1' }), 'malformed'],
    [
      'an exp that is no number',
      () => hmac({ alg: 'HS256' }, claims({ exp: 'later' as never })),
      'malformed',
    ],
    ['an nbf that is no number', () => hmac({ alg: 'HS256' }, claims({ nbf: 'now' as never })), 'malformed'],
    ['an exp that is long ago', async () => signed(claims({ exp: nowSeconds() - 60 })), 'expired'],
    ['an nbf that is to come', async () => signed(claims({ nbf: nowSeconds() + 60 })), 'not_yet'],
    ['another secret', async () => signed(claims(), `${SECRET}!`), 'signature'],
    ['changed claims', tampered, 'signature'],
    ['no signature', () => `${part({ alg: 'HS256' })}.${part(claims())}.`, 'signature'],
    ['no algorithm', () => `${part({})}.${part(claims())}.eA`, 'malformed'],
    ['the algorithm none', () => `${part({ alg: 'none' })}.${part(claims())}.`, 'algorithm'],
    ['the algorithm nOnE', () => `${part({ alg: 'nOnE' })}.${part(claims())}.`, 'algorithm'],
    ['another algorithm of a secret', async () => signed(claims(), SECRET, { alg: 'HS512' }), 'algorithm'],
    ['an algorithm of a key', async () => signed(claims(), await keyPair('k')), 'algorithm'],
    ['no subject', async () => signed({ exp: nowSeconds() + 60 }), 'no_subject'],
    ['an empty subject', async () => signed(claims({ sub: '' })), 'no_subject'],
    ['a subject that is an object', () => hmac({ alg: 'HS256' }, claims({ sub: {} as never })), 'no_subject'],
    [
      'half a character as its subject',
      () => hmac({ alg: 'HS256' }, claims({ sub: '\ud800' })),
      'no_subject',
    ],
  ])('that is or has %s is refused', async (_, token, reason) => {
    const proxy = await proxyWith({ secret: SECRET });
    expect(await ask(proxy, await token())).toBe(`401 invalid_token ${reason}`);
  });

  test('of just under 8 KiB is accepted', async () => {
    const proxy = await proxyWith({ secret: SECRET });
    const token = await signed(claims({ long: 'x'.repeat(5_900) }));
    expect(token.length).toBeGreaterThan(8_000);
    expect(token.length).toBeLessThanOrEqual(8_192);
    expect(await ask(proxy, token)).toBe('200');
  });

  test.each([
    [undefined, 29, '200'],
    [undefined, 30, '401 invalid_token expired'],
    [5, 4, '200'],
    [5, 5, '401 invalid_token expired'],
    [0, -1, '200'],
    [0, 0, '401 invalid_token expired'],
  ])('with a leeway of %j is, %i s after it has expired: %s', async (leewaySeconds, late, expected) => {
    const proxy = await proxyWith({ secret: SECRET, leewaySeconds });
    expect(await ask(proxy, await signed(claims({ exp: nowSeconds() - late })))).toBe(expected);
  });

  test.each([
    [undefined, 30, '200'],
    [undefined, 31, '401 invalid_token not_yet'],
    [0, 0, '200'],
    [0, 1, '401 invalid_token not_yet'],
  ])('with a leeway of %j is, %i s before it becomes valid: %s', async (leewaySeconds, early, expected) => {
    const proxy = await proxyWith({ secret: SECRET, leewaySeconds });
    expect(await ask(proxy, await signed(claims({ nbf: nowSeconds() + early })))).toBe(expected);
  });

  test.each([
    ['shop', undefined, '401 invalid_token audience'],
    ['shop', 'shop', '200'],
    ['shop', 'admin', '401 invalid_token audience'],
    ['shop', ['admin', 'shop'], '200'],
    ['shop', ['admin'], '401 invalid_token audience'],
    [['shop', 'app'], 'app', '200'],
    [['shop', 'app'], ['x', 'app'], '200'],
    [['shop', 'app'], 'sho', '401 invalid_token audience'],
    [undefined, 'anything', '200'],
  ])('for the audience %j, where it is %j, is: %s', async (audience, aud, expected) => {
    const proxy = await proxyWith({ secret: SECRET, audience });
    expect(await ask(proxy, await signed(claims(aud === undefined ? {} : { aud })))).toBe(expected);
  });

  test.each([
    ['https://id.example', 'https://id.example', '200'],
    ['https://id.example', 'https://id.example/', '401 invalid_token issuer'],
    ['https://id.example', undefined, '401 invalid_token issuer'],
    [['https://id.example', 'https://old.example'], 'https://old.example', '200'],
    [['https://id.example', 'https://old.example'], 'https://evil.example', '401 invalid_token issuer'],
    [undefined, 'https://evil.example', '200'],
  ])('of the issuer %j, where it is %j, is: %s', async (issuer, iss, expected) => {
    const proxy = await proxyWith({ secret: SECRET, issuer });
    expect(await ask(proxy, await signed(claims(iss === undefined ? {} : { iss })))).toBe(expected);
  });

  test('names its person in the configured claim', async () => {
    const proxy = await proxyWith({ secret: SECRET, subject: 'https://example.com/user_id' });
    expect(await ask(proxy, await signed(claims({ sub: 'x', 'https://example.com/user_id': 'u1' })))).toBe(
      '200',
    );
    expect(await ask(proxy, await signed(claims()))).toBe('401 invalid_token no_subject');
  });

  test('may name its person by a number', async () => {
    const proxy = await proxyWith({ secret: SECRET, subject: 'id' });
    const token = await signed(claims({ id: 42 }));
    const response = await proxy.fetch(post([event({ userId: '42' })], { headers: bearer(token) }));
    expect(await response.json()).toEqual({ success: true });
  });

  test.each([
    ['inbox', { scope: 'inbox' }, '200'],
    ['inbox', { scope: 'events inbox' }, '200'],
    ['inbox events', { scp: ['events', 'inbox'] }, '200'],
    ['inbox', {}, '403 insufficient_scope'],
    ['inbox', { scope: 'inbox2' }, '403 insufficient_scope'],
    ['inbox events', { scope: 'inbox' }, '403 insufficient_scope'],
    ['inbox', { scope: 7 }, '403 insufficient_scope'],
  ])('with the required scope %j and the scope %j is: %s', async (scope, more, expected) => {
    const proxy = await proxyWith({ secret: SECRET, scope });
    expect(await ask(proxy, await signed(claims(more)))).toBe(expected);
  });

  test('without the required scope gets an error that names it', async () => {
    const proxy = await proxyWith({ secret: SECRET, scope: 'inbox' });
    const response = await proxy.fetch(post([], { headers: bearer(await signed(claims())) }));
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer error="insufficient_scope", scope="inbox"');
    expect(await response.json()).not.toHaveProperty('reason');
  });

  test.each(['bearer', 'BEARER', 'Bearer  '])('may be sent as %s', async (scheme) => {
    const proxy = await proxyWith({ secret: SECRET });
    const headers = { ...bearer(''), Authorization: `${scheme} ${await signed(claims())}` };
    expect(await fullVerdict(await proxy.fetch(post([event(MINE)], { headers })))).toBe('200');
  });
});

describe('the client key next to a customer token', () => {
  test.each([
    ['missing', ''],
    ['unknown', 'client-api-key-we'],
    ['two', 'client-api-key-web, client-api-key-web'],
  ])('that is %s is refused with an error about the key, not the token', async (_, key) => {
    const { proxy, upstream } = await startProxy({ customerToken: { secret: SECRET, mode: 'required' } });
    const headers = bearer(await signed(claims()), { 'X-CIO-Client-Key': key });
    const response = await proxy.fetch(post([event(MINE)], { headers }));
    expect(response.headers.get('WWW-Authenticate')).toBeNull();
    expect(await fullVerdict(response)).toBe('401 invalid_client_key');
    expect(upstream.received).toHaveLength(0);
  });

  test.each([
    ['UTF-8', 'clé-ключ', Buffer.from('clé-ключ').toString('latin1')],
    ['the Latin-1 of a browser', 'clé', 'clé'],
  ])('may have characters beyond ASCII, in %s', async (_, key, sent) => {
    const proxy = await proxyWith({ secret: SECRET }, { clientKeys: ['other', key] });
    const headers = bearer(await signed(claims()), { 'X-CIO-Client-Key': sent });
    expect(await fullVerdict(await proxy.fetch(post([event(MINE)], { headers })))).toBe('200');
  });

  test('alone permits events as with Basic, and no private calls', async () => {
    const proxy = await proxyWith({ secret: SECRET }, { appApi: { key: 'app-key' } });
    const headers = { Authorization: '', 'X-CIO-Client-Key': 'client-api-key-web' };
    expect(await fullVerdict(await proxy.fetch(post([], { headers })))).toBe('200');
    const call = post([], { headers, path: '/v1/customers/attributes' });
    expect(await fullVerdict(await proxy.fetch(call))).toBe('401 invalid_token missing');
  });
});

test('no token, key or person is logged', async () => {
  const log: ProxyLogEntry[] = [];
  const proxy = await proxyWith({ secret: SECRET }, { onLog: (entry) => log.push(entry) });
  const tokens = [
    await signed(claims()),
    await signed(claims({ exp: 1 })),
    'nonsense',
    `${await signed(claims())}x`,
  ];
  for (const token of tokens) await ask(proxy, token);
  expect(log.map(({ status, error, reason }) => [status, error, reason])).toEqual([
    [200, undefined, undefined],
    [401, 'invalid_token', 'expired'],
    [401, 'invalid_token', 'malformed'],
    [401, 'invalid_token', 'signature'],
  ]);
  const text = JSON.stringify(log);
  for (const secret of [
    'u1',
    SECRET,
    'client-api-key',
    'nonsense',
    ...tokens.map((token) => token.slice(0, 20)),
  ])
    expect(text).not.toContain(secret);
});

async function tampered(): Promise<string> {
  const [header, , signature] = (await signed(claims({ sub: 'someone else' }))).split('.');
  return [header, part(claims()), signature].join('.');
}

async function critical(): Promise<string> {
  return new SignJWT(claims())
    .setProtectedHeader({ alg: 'HS256', crit: ['urn:x'], 'urn:x': 1 })
    .sign(new TextEncoder().encode(SECRET), { crit: { 'urn:x': true } });
}
