// @vitest-environment node
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportPKCS8,
  exportSPKI,
  generateKeyPair,
  jwtVerify,
} from 'jose';
import { describe, expect, test } from 'vitest';
import { createTokenIssuer, type Jwk, SdkError, type TokenIssuerOptions } from '../../../../src/proxy.ts';
import { keyPair, nowSeconds, SECRET, startKeyServer } from '../../../integration/proxy/key-server.ts';
import { bearer, event, fullVerdict, post, startProxy } from '../../../integration/proxy/setup.ts';

function messageOf(options: unknown): string {
  try {
    createTokenIssuer(options as TokenIssuerOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(SdkError);
    expect(error).toMatchObject({ code: 'invalid-options' });
    return (error as SdkError).message;
  }
  return 'fine';
}

const privateJwk = async (alg: string): Promise<Jwk> => {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return (await exportJWK(privateKey)) as Jwk;
};

describe('a token of the issuer', () => {
  test('contains the user and the expiry', async () => {
    const issuer = createTokenIssuer({ secret: SECRET, issuer: 'https://shop.example', audience: 'shop' });
    const before = nowSeconds();
    const token = await issuer.issue('u1', { scope: 'inbox' });
    const { payload } = await jwtVerify(token, new TextEncoder().encode(SECRET), { algorithms: ['HS256'] });
    expect(payload).toEqual({
      sub: 'u1',
      iss: 'https://shop.example',
      aud: 'shop',
      scope: 'inbox',
      iat: expect.any(Number),
      exp: Number(payload.iat) + 900,
      jti: expect.any(String),
    });
    expect(payload.iat).toBeGreaterThanOrEqual(before);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
  });

  test('has the configured lifetime, and is unique', async () => {
    const issuer = createTokenIssuer({ secret: SECRET, ttlSeconds: 60, algorithm: 'HS512', keyId: 'k1' });
    const [one, two] = [await issuer.issue('u1'), await issuer.issue('u1')];
    const { iat = 0, exp = 0 } = decodeJwt(one);
    expect(exp - iat).toBe(60);
    expect(one).not.toBe(two);
    expect(decodeProtectedHeader(one)).toEqual({ alg: 'HS512', typ: 'JWT', kid: 'k1' });
  });

  test('may be for several audiences', async () => {
    const issuer = createTokenIssuer({ secret: SECRET, audience: ['shop', 'app'] });
    expect(decodeJwt(await issuer.issue('u1')).aud).toEqual(['shop', 'app']);
  });

  test('is accepted by a proxy with the secret', async () => {
    const issuer = createTokenIssuer({ secret: SECRET, audience: 'shop' });
    const { proxy } = await startProxy({ customerToken: { secret: SECRET, audience: 'shop' } });
    for (const userId of ['u1', 'ключ/../é 鍵 🙂']) {
      const headers = bearer(await issuer.issue(userId));
      const response = await proxy.fetch(post([event({ userId })], { headers }));
      expect(await response.json()).toEqual({ success: true });
    }
  });

  test.each(['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    'is accepted by a proxy that fetches the key set (%s, from PEM and from JWK)',
    async (alg) => {
      const { privateKey } = await generateKeyPair(alg, { extractable: true });
      for (const key of [await exportPKCS8(privateKey), (await exportJWK(privateKey)) as Jwk]) {
        const issuer = createTokenIssuer({ privateKey: key });
        const server = await startKeyServer();
        server.publish(JSON.stringify(await issuer.jwks()));
        const { proxy } = await startProxy({
          customerToken: { jwksUrl: server.url, algorithms: [alg as never] },
        });
        const headers = bearer(await issuer.issue('u1'));
        expect(await fullVerdict(await proxy.fetch(post([event({ userId: 'u1' })], { headers })))).toBe(
          '200',
        );
        expect(decodeProtectedHeader(await issuer.issue('u1')).alg).toBe(alg);
      }
    },
  );

  test('has the configured algorithm, or that of its JWK', async () => {
    const privateKey = await privateJwk('RS256');
    const algOf = async (options: TokenIssuerOptions): Promise<unknown> =>
      decodeProtectedHeader(await createTokenIssuer(options).issue('u1')).alg;
    expect(await algOf({ privateKey, algorithm: 'PS256' })).toBe('PS256');
    expect(await algOf({ privateKey: { ...privateKey, alg: 'RS512', use: 'sig', key_ops: ['sign'] } })).toBe(
      'RS512',
    );
  });
});

describe('the key set', () => {
  test.each(['RS256', 'ES256', 'EdDSA'])('contains only the public key (%s)', async (alg) => {
    const jwk = await privateJwk(alg);
    const issuer = createTokenIssuer({ privateKey: jwk });
    const set = await issuer.jwks();
    expect(set.keys).toHaveLength(1);
    const fields = Object.keys(set.keys[0] ?? {});
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) expect(fields).not.toContain(secret);
    expect(set.keys[0]).toMatchObject({ alg, use: 'sig', kid: expect.stringMatching(/^[\w-]{43}$/) });
    const token = await issuer.issue('u1');
    expect(decodeProtectedHeader(token).kid).toBe(set.keys[0]?.['kid']);
    await jwtVerify(token, createLocalJWKSet({ keys: [...set.keys] }));
  });

  test('has the configured key id', async () => {
    const issuer = createTokenIssuer({ privateKey: await privateJwk('ES256'), keyId: '2026-11' });
    expect((await issuer.jwks()).keys[0]?.['kid']).toBe('2026-11');
  });

  test('of a secret is empty', async () => {
    expect(await createTokenIssuer({ secret: SECRET }).jwks()).toEqual({ keys: [] });
  });
});

describe('the issuer refuses', () => {
  test.each(['', undefined, null, 7, '\ud800'])('an invalid user id: %j', async (userId) => {
    const issuer = createTokenIssuer({ secret: SECRET });
    const issued = issuer.issue(userId as string);
    await expect(issued).rejects.toBeInstanceOf(SdkError);
    await expect(issued).rejects.toMatchObject({
      code: 'invalid-options',
      message: 'issue: "userId" must be a text that is not empty',
    });
  });

  test.each(['sub', 'iat', 'exp', 'iss', 'aud', 'jti'])('claims that would replace "%s"', async (claim) => {
    const issuer = createTokenIssuer({ secret: SECRET });
    await expect(issuer.issue('u1', { [claim]: 'u2' })).rejects.toThrow(`"claims" must not hold "${claim}"`);
  });

  test('claims that are not an object', async () => {
    await expect(createTokenIssuer({ secret: SECRET }).issue('u1', 'scope' as never)).rejects.toThrow(
      '"claims" must be an object',
    );
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, '"options" must be an object'],
    ['no key', {}, 'needs exactly one of "secret" and "privateKey"'],
    ['two keys', { secret: SECRET, privateKey: { kty: 'EC', d: 'x' } }, 'needs exactly one of'],
    ['31 bytes', { secret: 'x'.repeat(31) }, '"secret" must be a text of 32 bytes or more'],
    ['a secret that is no text', { secret: 7 }, '"secret" must'],
    ['a public key', { privateKey: '-----BEGIN PUBLIC KEY-----' }, '"privateKey" must be PEM'],
    ['a key of PKCS #1', { privateKey: '-----BEGIN RSA PRIVATE KEY-----' }, '"privateKey" must be PEM'],
    ['a public JWK', { privateKey: { kty: 'EC', x: 'x' } }, '"privateKey" must be PEM'],
    ['a secret as a JWK', { privateKey: { kty: 'oct', d: 'x' } }, '"privateKey" must be PEM'],
    ['an algorithm of a key', { secret: SECRET, algorithm: 'RS256' }, '"algorithm" must be one of HS256'],
    ['an algorithm of a secret', { privateKey: { kty: 'EC', d: 'x' }, algorithm: 'HS256' }, 'one of RS256'],
    ['the algorithm none', { secret: SECRET, algorithm: 'none' }, '"algorithm" must be one of HS256'],
    ['no time', { secret: SECRET, ttlSeconds: 0 }, '"ttlSeconds" must be an integer of 1 or more'],
    ['half a second', { secret: SECRET, ttlSeconds: 0.5 }, '"ttlSeconds" must'],
    ['an empty audience', { secret: SECRET, audience: [] }, '"audience" must'],
    ['an empty issuer', { secret: SECRET, issuer: '' }, '"issuer" must'],
    ['an empty key id', { secret: SECRET, keyId: '' }, '"keyId" must'],
    ['what nobody knows', { secret: SECRET, ttl: 5 }, '"ttl" is no option of the issuer'],
  ])('options with %s', (_, options, message) => {
    expect(messageOf(options)).toContain(message);
  });

  test('several wrong options at once, and shows no key', () => {
    const message = messageOf({ secret: 'hidden', ttlSeconds: -1, algorithm: 'ES256', ttl: 1 });
    for (const option of ['secret', 'ttlSeconds', 'algorithm', 'ttl'])
      expect(message).toContain(`"${option}"`);
    expect(message).not.toContain('hidden');
  });

  test.each([
    ['is garbage inside', { privateKey: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }],
    ['is a broken JWK', { privateKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'hidden' } }],
  ])('a key that %s, and shows nothing of it', async (_, options) => {
    const issued = createTokenIssuer(options).issue('u1');
    await expect(issued).rejects.toMatchObject({
      code: 'invalid-options',
      message: 'createTokenIssuer: "privateKey" is no usable private key',
    });
  });

  test('a key that does not fit its algorithm', async () => {
    const privateKey = await privateJwk('ES256');
    await expect(createTokenIssuer({ privateKey, algorithm: 'RS256' }).issue('u1')).rejects.toThrow(
      '"privateKey" is no private key for RS256',
    );
  });
});

test('a secret of exactly 32 bytes is enough, counted in UTF-8', async () => {
  const secret = 'ё'.repeat(16);
  const { proxy } = await startProxy({ customerToken: { secret } });
  const headers = bearer(await createTokenIssuer({ secret }).issue('u1'));
  expect(await fullVerdict(await proxy.fetch(post([event({ userId: 'u1' })], { headers })))).toBe('200');
});

test('a configured public key verifies what the private key signs', async () => {
  const { privateKey, publicKey } = await keyPair('k', 'ES256');
  const issuer = createTokenIssuer({ privateKey: await exportPKCS8(privateKey) });
  const { proxy } = await startProxy({ customerToken: { publicKey: await exportSPKI(publicKey) } });
  const headers = bearer(await issuer.issue('u1'));
  expect(await fullVerdict(await proxy.fetch(post([event({ userId: 'u1' })], { headers })))).toBe('200');
});
