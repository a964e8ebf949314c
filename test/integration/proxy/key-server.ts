import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

export const SECRET = 'a secret that both sides hold, of 32 bytes and more';

/** A key pair of an issuer. */
export interface KeyPair {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

export async function keyPair(kid: string, alg = 'ES256'): Promise<KeyPair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

/** Claims that are good for a minute. */
export function claims(more: JWTPayload = {}): JWTPayload {
  return { sub: 'u1', iat: nowSeconds(), exp: nowSeconds() + 60, ...more };
}

/** A token that is signed by another hand than our issuer's. */
export async function signed(
  payload: JWTPayload,
  key: KeyPair | string = SECRET,
  header: Record<string, unknown> = {},
): Promise<string> {
  const isSecret = typeof key === 'string';
  const all = isSecret ? { alg: 'HS256', ...header } : { alg: key.alg, kid: key.kid, ...header };
  return new SignJWT(payload)
    .setProtectedHeader(all)
    .sign(isSecret ? new TextEncoder().encode(key) : key.privateKey);
}

/** Part of a token, as it is written into one. */
export const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface KeyServer {
  readonly url: string;
  readonly asked: () => number;
  /** What is published from now on. A text is answered as it is, a number is a status, `'silence'` never ends. */
  publish(keys: readonly JWK[] | string | number): void;
  stop(): void;
}

/** Where an issuer publishes its keys: a real server, for one test. */
export async function startKeyServer(...keys: readonly KeyPair[]): Promise<KeyServer> {
  let published: readonly JWK[] | string | number = keys.map(({ jwk }) => jwk);
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    if (published === 'silence') return;
    const status = typeof published === 'number' ? published : 200;
    const body = typeof published === 'string' ? published : JSON.stringify({ keys: published });
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/jwks`,
    asked: () => asked,
    publish: (next) => void (published = next),
    stop,
  };
}
