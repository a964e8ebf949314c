import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';

export const SECRET = 'a secret that both sides hold, of 32 bytes and more';

/** A key pair of a token issuer. */
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

/** Claims of a token that is valid for a minute. */
export function claims(more: JWTPayload = {}): JWTPayload {
  return { sub: 'u1', iat: nowSeconds(), exp: nowSeconds() + 60, ...more };
}

/** A token that is signed by jose instead of our own issuer. */
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

/** Encodes a part of a token. */
export const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface KeyServer {
  readonly url: string;
  readonly asked: () => number;
  /**
   * Sets the response from now on: a key set, a text that is sent unchanged, a status code, or `'silence'`
   * for no response.
   */
  publish(keys: readonly JWK[] | string | number): void;
  stop(): void;
}

/** Starts a real server that publishes the keys of an issuer, for one test. */
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
