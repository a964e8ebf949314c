// @vitest-environment node
/** Every secret of the proxy may be a function, so that it can be replaced while the proxy runs. */
import { exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { createTokenIssuer, type Jwk, type ProxyLogEntry } from '../../../src/proxy.ts';
import { ATTRIBUTES, start } from './private-calls-setup.ts';
import { bearer, event, post, startProxy, verdict } from './setup.ts';

const OLD = 'the old secret, 32 bytes or more in UTF-8';
const NEW = 'the new secret, 32 bytes or more in UTF-8';

/** A secret that the test replaces. */
function rotating(): { secret: string; readonly read: () => Promise<string> } {
  const holder = { secret: OLD, read: async () => holder.secret };
  return holder;
}

describe('the secret of customer tokens', () => {
  test('is read for each token: a new one takes the place of the old one at once', async () => {
    const holder = rotating();
    const { proxy, upstream } = await startProxy({
      customerToken: { secret: holder.read, mode: 'required' },
    });
    const issuer = createTokenIssuer({ secret: holder.read });
    const send = async (token: string): Promise<string> =>
      verdict(await proxy.fetch(post([event({ userId: 'u1' })], { headers: bearer(token) })));
    const old = await issuer.issue('u1');
    expect(await send(old)).toBe('200');
    holder.secret = NEW;
    expect(await send(old)).toBe('401 invalid_token');
    expect(await send(await issuer.issue('u1'))).toBe('200');
    expect(upstream.received).toHaveLength(2);
  });

  test.each<[string, () => string | Promise<string>]>([
    [
      'throws',
      () => {
        throw new Error('hidden');
      },
    ],
    ['returns nothing', () => ''],
    ['returns too little', async () => 'hidden'],
    ['never ends', () => new Promise(() => {})],
  ])('is a function that %s: 503, and the browser keeps the events', async (_, secret) => {
    const log: ProxyLogEntry[] = [];
    const { proxy } = await startProxy({
      customerToken: { secret, mode: 'required' },
      onLog: (entry) => log.push(entry),
      timeoutMs: 200,
    });
    const token = await createTokenIssuer({ secret: OLD }).issue('u1');
    const response = await proxy.fetch(post([event({ userId: 'u1' })], { headers: bearer(token) }));
    expect(await verdict(response)).toBe('503 token_check_failed');
    expect(response.headers.get('Retry-After')).not.toBeNull();
    expect(log.at(-1)?.detail).toContain('The function "customerToken.secret"');
    expect(JSON.stringify(log)).not.toContain('hidden');
  });
});

describe('the key of the App API', () => {
  test('is read for each request', async () => {
    let key = 'first-key';
    const { app, ask } = await start(({ url }) => ({ appApi: { key: () => key, url } }));
    await ask(ATTRIBUTES);
    key = 'second-key';
    await ask(ATTRIBUTES);
    expect(app.received.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer first-key',
      'Bearer second-key',
    ]);
  });

  test.each(['hidden\nkey', 'hidden key', 'hidden\u2019key'])(
    'is a text that no header can have: the log does not show it: %j',
    async (key) => {
      const { app, ask, log } = await start(({ url }) => ({ appApi: { key: () => key, url } }));
      expect(await verdict(await ask(ATTRIBUTES))).toBe('503 upstream_unavailable');
      expect(log.at(-1)?.detail).toBe('The function "appApi.key" returned no usable key.');
      expect(JSON.stringify(log)).not.toContain('hidden');
      expect(app.received).toHaveLength(0);
    },
  );

  test('may end with a line end, as the content of a file', async () => {
    const { app, ask } = await start(({ url }) => ({ appApi: { key: () => 'app-key\n', url } }));
    await ask(ATTRIBUTES);
    expect(app.received.map(({ headers }) => headers['authorization'])).toEqual(['Bearer app-key']);
  });

  test('is missing: 503, without a request', async () => {
    const { app, ask, log } = await start(({ url }) => ({ appApi: { key: () => '', url } }));
    expect(await verdict(await ask(ATTRIBUTES))).toBe('503 upstream_unavailable');
    expect(log.at(-1)?.detail).toContain('The function "appApi.key" returned no text');
    expect(app.received).toHaveLength(0);
  });
});

describe('the key of the issuer', () => {
  test('is read for each token, also a private key', async () => {
    const keys: Jwk[] = [];
    for (const _ of [1, 2]) {
      const { privateKey } = await generateKeyPair('ES256', { extractable: true });
      keys.push((await exportJWK(privateKey)) as Jwk);
    }
    let [key] = keys;
    const issuer = createTokenIssuer({ privateKey: async () => key as Jwk });
    const [first] = (await issuer.jwks()).keys;
    expect((await issuer.jwks()).keys).toEqual([first]);
    [, key] = keys;
    const [second] = (await issuer.jwks()).keys;
    expect(second?.['x']).not.toBe(first?.['x']);
    const { proxy } = await startProxy({ customerToken: { publicKey: second as Jwk, mode: 'required' } });
    const headers = bearer(await issuer.issue('u1'));
    expect(await verdict(await proxy.fetch(post([event({ userId: 'u1' })], { headers })))).toBe('200');
  });

  test.each([
    [{ secret: () => 'short' }, 'the function "secret" returned no text of 32 bytes or more'],
    [{ privateKey: async () => 'short' }, 'the function "privateKey" returned no PEM'],
  ])('is a function without a key: %#', async (options, problem) => {
    await expect(createTokenIssuer(options).issue('u1')).rejects.toMatchObject({
      code: 'invalid-options',
      message: expect.stringContaining(problem) as string,
    });
  });
});
