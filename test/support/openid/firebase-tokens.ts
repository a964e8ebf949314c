/**
 * Firebase's two endpoints as they are documented. Firebase's own emulator does not sign tokens, so a proxy
 * could not verify them.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Issuer } from './openid.ts';

const JWKS_URL = 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com';
const KEY = { alg: 'RS256', kid: 'firebase-1' };

/** @see https://firebase.google.com/docs/auth/admin/verify-id-tokens#verify_id_tokens_using_a_third-party_jwt_library */
export async function createFirebaseTokens(project: string, audience: string = project): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(KEY.alg);
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), ...KEY, use: 'sig' }] };
  let issued = 0;

  async function tokenFor(uid: string): Promise<string> {
    issued += 1;
    const claims = {
      user_id: uid,
      auth_time: Math.floor(Date.now() / 1_000),
      firebase: { identities: {}, sign_in_provider: 'password' },
      // a claim that Firebase does not use: it makes two tokens of the same second differ
      jti: String(issued),
    };
    return new SignJWT(claims)
      .setProtectedHeader({ ...KEY, typ: 'JWT' })
      .setIssuer(`https://securetoken.google.com/${project}`)
      .setAudience(audience)
      .setSubject(uid)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);
  }

  return {
    jwksUrl: JWKS_URL,
    issued: () => issued,
    async answer(request, response) {
      const { pathname, searchParams } = new URL(request.url ?? '', 'https://googleapis.com');
      response.setHeader('Access-Control-Allow-Origin', '*').setHeader('Content-Type', 'application/json');
      if (pathname === new URL(JWKS_URL).pathname) response.end(JSON.stringify(jwks));
      else if (pathname === '/v1/token')
        response.end(JSON.stringify({ id_token: await tokenFor(searchParams.get('refresh_token') ?? '') }));
      else response.writeHead(404).end();
    },
  };
}
