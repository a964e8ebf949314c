// @vitest-environment node
import { createHmac } from 'node:crypto';
import { exportSPKI, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CioProxy, CustomerTokenOptions, ProxyLogEntry, ProxyOptions } from '../../../src/proxy.ts';
import { claims, keyPair, nowSeconds, part, SECRET, signed, startKeyServer } from './key-server.ts';
import { bearer, event, fullVerdict, post, startProxy } from './setup.ts';

const MINE = { userId: 'u1' };

/** The proxy's response to a batch of `u1` with this token. */
async function ask(proxy: CioProxy, token: string): Promise<string> {
  return fullVerdict(await proxy.fetch(post([event(MINE)], { headers: bearer(token) })));
}

async function proxyWith(
  customerToken: CustomerTokenOptions,
  more: Partial<ProxyOptions> = {},
): Promise<CioProxy> {
  return (await startProxy({ customerToken: { mode: 'required', ...customerToken }, ...more })).proxy;
}

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

describe('a public key', () => {
  test.each(['RS256', 'ES256', 'EdDSA'])(
    'verifies %s, as PEM and as JWK, without an allow-list',
    async (alg) => {
      const key = await keyPair('k', alg);
      const { kid: _, ...jwk } = key.jwk;
      for (const publicKey of [await exportSPKI(key.publicKey), { ...jwk, kty: String(jwk.kty) }]) {
        const proxy = await proxyWith({ publicKey });
        expect(await ask(proxy, await signed(claims(), key))).toBe('200');
        expect(await ask(proxy, await signed(claims(), await keyPair('k', alg)))).toBe(
          '401 invalid_token signature',
        );
      }
    },
  );

  test('is never used as a secret: HS256 signed with its text', async () => {
    const key = await keyPair('k', 'RS256');
    const publicKey = await exportSPKI(key.publicKey);
    for (const options of [{ publicKey }, { publicKey, algorithms: ['RS256', 'ES256'] as const }]) {
      const proxy = await proxyWith(options);
      for (const secret of [publicKey, publicKey.trim(), JSON.stringify(key.jwk)]) {
        const token = hmac({ alg: 'HS256' }, claims(), secret);
        expect(await ask(proxy, token)).toBe('401 invalid_token algorithm');
      }
    }
  });

  test('of one kind does not verify the algorithm of another, even if that is allowed', async () => {
    const proxy = await proxyWith({ publicKey: await exportSPKI((await keyPair('k', 'ES256')).publicKey) });
    expect(await ask(proxy, await signed(claims(), await keyPair('k', 'RS256')))).toBe(
      '401 invalid_token algorithm',
    );
  });

  test('verifies only the listed algorithms', async () => {
    const key = await keyPair('k', 'RS256');
    const publicKey = await exportSPKI(key.publicKey);
    const proxy = await proxyWith({ publicKey, algorithms: ['PS256'] });
    expect(await ask(proxy, await signed(claims(), key))).toBe('401 invalid_token algorithm');
  });

  test('that is damaged is reported as an error of the operator: 503, and no token is refused', async () => {
    const log: ProxyLogEntry[] = [];
    const proxy = await proxyWith(
      { publicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' },
      { onLog: (entry) => log.push(entry) },
    );
    expect(await ask(proxy, await signed(claims(), await keyPair('k')))).toBe('503 token_check_failed');
    expect(log[0]?.detail).toContain('customerToken.publicKey');
  });
});

describe('a published key set', () => {
  test('is fetched once for many tokens at the same time', async () => {
    const key = await keyPair('one');
    const server = await startKeyServer(key, await keyPair('two', 'RS256'));
    const proxy = await proxyWith({ jwksUrl: server.url });
    const tokens = await Promise.all([1, 2, 3].map(() => signed(claims(), key)));
    expect(await Promise.all(tokens.map((token) => ask(proxy, token)))).toEqual(['200', '200', '200']);
    expect(server.asked()).toBe(1);
  });

  test('is fetched again for an unknown key, at most twice a minute', async () => {
    const [old, next] = [await keyPair('old'), await keyPair('next')];
    const server = await startKeyServer(old);
    const proxy = await proxyWith({ jwksUrl: new URL(server.url) });
    expect(await ask(proxy, await signed(claims(), old))).toBe('200');
    expect(await ask(proxy, await signed(claims(), next))).toBe('401 invalid_token signature');
    expect(server.asked()).toBe(1);

    server.publish([next.jwk]);
    vi.setSystemTime(Date.now() + 31_000);
    expect(await ask(proxy, await signed(claims(), next))).toBe('200');
    expect(await ask(proxy, await signed(claims(), old))).toBe('401 invalid_token signature');
    expect(await ask(proxy, await signed(claims(), await keyPair('third')))).toBe(
      '401 invalid_token signature',
    );
    expect(server.asked()).toBe(2);
  });

  test('loses a withdrawn key after ten minutes', async () => {
    const [old, next] = [await keyPair('old'), await keyPair('next')];
    const server = await startKeyServer(old);
    const proxy = await proxyWith({ jwksUrl: server.url });
    expect(await ask(proxy, await signed(claims(), old))).toBe('200');
    server.publish([next.jwk]);
    vi.setSystemTime(Date.now() + 600_001);
    expect(await ask(proxy, await signed(claims(), old))).toBe('401 invalid_token signature');
  });

  test('verifies a token without a key id with any of several keys, and refuses a wrong signature', async () => {
    const [one, two] = [await keyPair('one'), await keyPair('two')];
    const server = await startKeyServer(one, two);
    const proxy = await proxyWith({ jwksUrl: server.url });
    const without = { kid: undefined };
    expect(await ask(proxy, await signed(claims(), two, without))).toBe('200');
    expect(await ask(proxy, await signed(claims({ exp: 1 }), two, without))).toBe(
      '401 invalid_token expired',
    );
    expect(await ask(proxy, await signed(claims(), await keyPair('three'), without))).toBe(
      '401 invalid_token signature',
    );
  });

  test('is never used as a secret', async () => {
    const key = await keyPair('k', 'RS256');
    const server = await startKeyServer(key);
    const proxy = await proxyWith({ jwksUrl: server.url });
    const token = hmac({ alg: 'HS256', kid: 'k' }, claims(), await exportSPKI(key.publicKey));
    expect(await ask(proxy, token)).toBe('401 invalid_token algorithm');
    expect(server.asked()).toBe(0);
  });

  test('does not verify an algorithm for which its key is not published', async () => {
    const key = await keyPair('k', 'RS256');
    const server = await startKeyServer(key);
    const proxy = await proxyWith({ jwksUrl: server.url, algorithms: ['RS256', 'RS512'] });
    const { privateKey } = key;
    const token = await signed(claims(), { ...key, privateKey, alg: 'RS512' }).catch(() => null);
    // Some runtimes bind a key to its hash and refuse to sign, so a token with another signature is used
    // then.
    expect(await ask(proxy, token ?? `${part({ alg: 'RS512', kid: 'k' })}.${part(claims())}.eA`)).toBe(
      '401 invalid_token signature',
    );
  });

  test.each<[string, readonly [] | string | number]>([
    ['a server error', 500],
    ['not found', 404],
    ['a redirect', 302],
    ['no JSON', '<html>'],
    ['no key set', '{"keys":7}'],
  ])('that is %s causes a 503, never a 401', async (_, published) => {
    const server = await startKeyServer();
    server.publish(published);
    const log: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({
      customerToken: { jwksUrl: server.url, mode: 'required' },
      onLog: (entry) => log.push(entry),
    });
    const request = post([event(MINE)], { headers: bearer(await signed(claims(), await keyPair('k'))) });
    const response = await proxy.fetch(request);
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(response.headers.get('WWW-Authenticate')).toBeNull();
    expect(await fullVerdict(response)).toBe('503 token_check_failed');
    expect(log[0]?.detail).toBeTruthy();
    expect(upstream.received).toHaveLength(0);
  });

  test('that cannot be reached causes a 503, and is fetched again after a second', async () => {
    const key = await keyPair('k');
    const server = await startKeyServer(key);
    const proxy = await proxyWith({ jwksUrl: server.url });
    const token = await signed(claims(), key);
    server.publish(503);
    expect(await ask(proxy, token)).toBe('503 token_check_failed');
    server.publish([key.jwk]);
    expect(await ask(proxy, token)).toBe('503 token_check_failed');
    expect(server.asked()).toBe(1);
    vi.setSystemTime(Date.now() + 1_001);
    expect(await ask(proxy, token)).toBe('200');
  });

  test('that fails refuses no token with a known key, and is fetched again after a second', async () => {
    const key = await keyPair('k');
    const server = await startKeyServer(key);
    const proxy = await proxyWith({ jwksUrl: server.url });
    expect(await ask(proxy, await signed(claims(), key))).toBe('200');
    server.publish(500);
    vi.setSystemTime(Date.now() + 60_000);
    for (const kid of ['a', 'b', 'c'])
      expect(await ask(proxy, await signed(claims(), await keyPair(kid)))).toBe('503 token_check_failed');
    expect(server.asked()).toBe(2);
    expect(await ask(proxy, await signed(claims(), key))).toBe('200');
    server.stop();
    vi.setSystemTime(Date.now() + 60_000);
    expect(await ask(proxy, await signed(claims(), await keyPair('d')))).toBe('503 token_check_failed');
    expect(await ask(proxy, await signed(claims(), key))).toBe('200');
  });

  test('that never responds causes a 503 after a timeout', { timeout: 10_000 }, async () => {
    const server = await startKeyServer();
    server.publish('silence');
    const proxy = await proxyWith({ jwksUrl: server.url });
    expect(await ask(proxy, await signed(claims(), await keyPair('k')))).toBe('503 token_check_failed');
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

/** Signs tokens that no library would sign. */
function hmac(header: object, payload: unknown, secret: string = SECRET): string {
  const input = `${part(header)}.${payload === undefined ? 'e30x' : part(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

async function tampered(): Promise<string> {
  const [header, , signature] = (await signed(claims({ sub: 'someone else' }))).split('.');
  return [header, part(claims()), signature].join('.');
}

async function critical(): Promise<string> {
  return new SignJWT(claims())
    .setProtectedHeader({ alg: 'HS256', crit: ['urn:x'], 'urn:x': 1 })
    .sign(new TextEncoder().encode(SECRET), { crit: { 'urn:x': true } });
}
