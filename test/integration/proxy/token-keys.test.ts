// @vitest-environment node
/** The public keys with which the proxy verifies customer tokens: configured ones and published key sets. */
import { exportSPKI } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProxyLogEntry } from '../../../src/proxy.ts';
import { claims, keyPair, part, signed, startKeyServer } from './key-server.ts';
import { bearer, event, fullVerdict, post, startProxy } from './setup.ts';
import { MINE, ask, proxyWith, hmac } from './token-verifier-setup.ts';

// Fake time moves only when a test moves it, so that the limits of a lifetime can be tested exactly.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_900_000_000_000 }));

afterEach(() => void vi.useRealTimers());

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
