/**
 * The documentation's recipes for identity providers, and the steps of a page that sign people in and out with each.
 */
import type { CustomerTokenOptions } from '../../../src/proxy.ts';
import { createFirebaseTokens } from './firebase-tokens.ts';
import { createOpenId, type Issuer, objectId, type OpenIdOptions } from './openid.ts';
import { examples, DOCUMENTATION } from '../docs/documentation.ts';

export interface Recipe {
  readonly library: string;
  /** The name of the client that the recipe exports besides `analytics`. */
  readonly client: string;
  /** An expression for the page that begins to sign `name` in. */
  signIn(name: string): string;
  /** An expression for the page to which a person returns after the sign-in: a promise of the user id. */
  readonly arrived: string;
  readonly signOut: string;
  /** The user id that the page knows for `name`. */
  userId(name: string): string;
  /** Whether people sign in and out on pages of the provider. */
  readonly redirects: boolean;
  /**
   * Whether another page knows the signed-in user. Auth0 keeps the user in memory, or in its cookie if that
   * cookie belongs to the page's site.
   */
  readonly outlivesPage: boolean;
  /**
   * Starts the identity provider, as its vendor documents it. `audience` replaces the one that the recipe
   * requests.
   */
  open(redirectUri: string, audience?: string): Issuer | Promise<Issuer>;
}

const byOpenId =
  (shape: Omit<OpenIdOptions, 'redirectUri'>): Recipe['open'] =>
  (redirectUri, audience = shape.audience) =>
    createOpenId({ ...shape, audience, redirectUri });

export const RECIPES: readonly Recipe[] = [
  {
    library: 'oidc-client-ts',
    client: 'users',
    signIn: () => 'users.signinRedirect()',
    arrived: 'users.signinCallback().then(({ profile }) => profile.sub)',
    signOut: 'users.signoutRedirect()',
    userId: (name) => name,
    redirects: true,
    outlivesPage: true,
    open: byOpenId({
      issuer: 'https://id.example.com',
      clientId: 'shop',
      audience: 'shop',
      routes: { authorization: '/auth', token: '/token', jwks: '/jwks', end_session: '/session/end' },
    }),
  },
  {
    library: '@auth0/auth0-spa-js',
    client: 'auth0',
    signIn: () => 'auth0.loginWithRedirect()',
    arrived: 'auth0.handleRedirectCallback().then(() => auth0.getUser()).then(({ sub }) => sub)',
    signOut: 'auth0.logout()',
    userId: (name) => name,
    redirects: true,
    outlivesPage: false,
    open: byOpenId({
      issuer: 'https://your-tenant.eu.auth0.com/',
      clientId: 'your-client-id',
      audience: 'https://shop.example.com/api',
      api: { parameter: 'audience', value: 'https://shop.example.com/api' },
      // https://auth0.com/docs/api/authentication
      routes: {
        authorization: '/authorize',
        token: '/oauth/token',
        jwks: '/.well-known/jwks.json',
        end_session: '/v2/logout',
      },
    }),
  },
  {
    library: '@azure/msal-browser',
    client: 'msal',
    // MSAL always asks for `offline_access`, which OpenID Connect Core 11 has granted only where `prompt` is `consent`.
    signIn: () => `msal.loginRedirect({ scopes: ['api://your-api-id/read'], prompt: 'consent' })`,
    arrived:
      'msal.handleRedirectPromise({ navigateToLoginRequestUrl: false }).then(({ account }) => account.localAccountId)',
    signOut: 'msal.logoutRedirect()',
    userId: objectId,
    redirects: true,
    outlivesPage: true,
    open: byOpenId({
      issuer: 'https://login.microsoftonline.com/your-tenant-id/v2.0',
      clientId: 'your-client-id',
      audience: 'your-api-id',
      api: { parameter: 'scope', value: 'api://your-api-id/read' },
      // https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration
      routes: {
        authorization: '/your-tenant-id/oauth2/v2.0/authorize',
        token: '/your-tenant-id/oauth2/v2.0/token',
        jwks: '/your-tenant-id/discovery/v2.0/keys',
        end_session: '/your-tenant-id/oauth2/v2.0/logout',
      },
    }),
  },
  {
    library: 'firebase/auth',
    client: 'auth',
    signIn: (name) => `signInAs(${JSON.stringify(name)}), location.assign('/signed-in')`,
    arrived: 'auth.authStateReady().then(() => auth.currentUser.uid)',
    signOut: 'auth.signOut()',
    userId: (name) => name,
    redirects: false,
    outlivesPage: true,
    open: (_, audience) => createFirebaseTokens('your-project', audience),
  },
];

export function recipeCode({ library }: Recipe): string {
  const code = examples('ts').find((each) => each.includes(`from '${library}'`));
  if (code === undefined) throw new Error(`the documentation has no recipe with ${library}`);
  return code;
}

/** The proxy's settings for this issuer, from the table of the documentation. */
export function issuingOf({ library }: Recipe): CustomerTokenOptions {
  const row = DOCUMENTATION.split('\n').find((line) => line.startsWith(`| \`${library}\``)) ?? '';
  const [, jwksUrl, issuer, audience, subject] = [...row.matchAll(/`(.*?)`/g)].map(([, text]) => text);
  return { jwksUrl, issuer, audience, subject };
}
