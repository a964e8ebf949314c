/** A real OpenID provider, as an identity provider would run it: anybody may sign in, by any name. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export interface OpenId {
  /** Also its issuer. */
  readonly origin: string;
  readonly jwksUrl: string;
  /** How often an access token was issued. */
  issued(): number;
  close(): Promise<void>;
}

export interface OpenIdOptions {
  /** Where the page is sent to when somebody has signed in. */
  readonly redirectUri: string;
  readonly audience: string;
  readonly accessTokenTtlSeconds: number;
}

export async function startOpenId(options: OpenIdOptions): Promise<OpenId> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens to a port
  const origin = `http://127.0.0.1:${port}`;
  let issued = 0;
  const provider = new Provider(origin, {
    clients: [
      {
        client_id: 'shop',
        redirect_uris: [options.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'none',
        application_type: 'native', // the page is served without TLS, from this machine
      },
    ],
    clientBasedCORS: () => true,
    scopes: ['openid', 'offline_access'],
    issueRefreshToken: async () => true,
    ttl: { AccessToken: options.accessTokenTtlSeconds, Session: 3_600, Grant: 3_600, Interaction: 3_600 },
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${options.audience}`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: options.audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: options.accessTokenTtlSeconds,
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  provider.on('access_token.issued', () => (issued += 1));
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return {
    origin,
    jwksUrl: `${origin}/jwks`,
    issued: () => issued,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
