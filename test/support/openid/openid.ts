/** A real OpenID provider, run as an identity provider would run it: any name can sign in. */
import type { RequestListener } from 'node:http';
import { Provider } from 'oidc-provider';

/** A server that issues access tokens. */
export interface Issuer {
  readonly answer: RequestListener;
  readonly jwksUrl: string;
  /** The number of access tokens that were issued. */
  issued(): number;
}

/** The settings in which the providers of vendors differ. */
export interface OpenIdOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string;
  /** The URL to which the page is redirected after the sign-in. */
  readonly redirectUri: string;
  readonly routes: {
    readonly authorization: string;
    readonly token: string;
    readonly jwks: string;
    readonly end_session: string;
  };
  /**
   * The parameter and value by which the page must name the API of its access token. Without them, the access
   * token is not a JWT.
   */
  readonly api?: { readonly parameter: 'audience' | 'scope'; readonly value: string };
}

const LIFE_SECONDS = 3_600;

/**
 * The claim by which Entra identifies a person in every application; `sub` is different in each application.
 */
export const objectId = (name: string): string => `object-${name}`;

export function createOpenId({ api, ...options }: OpenIdOptions): Issuer {
  let issued = 0;
  const provider = new Provider(options.issuer, {
    clients: [
      {
        client_id: options.clientId,
        redirect_uris: [options.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'none',
        application_type: 'native', // the page is served without TLS, from this machine
      },
    ],
    routes: options.routes,
    clientBasedCORS: () => true,
    scopes: ['openid', 'profile', 'offline_access'],
    extraParams: ['audience'],
    claims: { openid: ['sub', 'oid'] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, oid: objectId(id) }) }),
    extraTokenClaims: (_, token) => ('accountId' in token ? { oid: objectId(token.accountId) } : {}),
    issueRefreshToken: async () => true,
    ttl: { AccessToken: LIFE_SECONDS, Session: LIFE_SECONDS, Grant: LIFE_SECONDS, Interaction: LIFE_SECONDS },
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: ({ oidc }) => {
          const named = api ? String(oidc.params?.[api.parameter]).split(' ').includes(api.value) : true;
          return named ? 'urn:api' : [];
        },
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: api?.parameter === 'scope' ? api.value : '',
          audience: options.audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: LIFE_SECONDS,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  provider.on('access_token.issued', () => (issued += 1));
  const answer = provider.callback();
  return {
    answer: (request, response) => void answer(request, response),
    jwksUrl: new URL(options.routes.jwks, options.issuer).href,
    issued: () => issued,
  };
}
