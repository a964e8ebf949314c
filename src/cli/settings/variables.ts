import { NATS_VARIABLES } from './nats-variables.ts';
import { hintAtOrigins } from './origin-hint.ts';
import { clientIp, clientKeys, flag, list, merge, originsOfKeys, pem } from './read-variable.ts';
import type { Variable } from './variable.ts';

/** The variables of the command `proxy`. */
export const VARIABLES: Readonly<Record<string, Variable>> = {
  CIO_WRITE_KEY: {
    must: "Customer.io's write key (the API key of your source); it stays on this server",
    option: 'writeKey',
    secret: true,
  },
  CIO_CLIENT_KEYS: {
    must: 'the keys that your pages use, with commas between them and no colons in them, e.g. client-api-key-web, or client-api-key-web@https://shop.example.com for the pages of that origin alone',
    option: 'clientKeys',
    read: clientKeys,
    hint: (text) => hintAtOrigins(originsOfKeys(text)),
    secret: true,
  },
  CIO_REGION: { must: 'us or eu, where your Customer.io account lives', option: 'region', preset: 'us' },
  CIO_ORIGINS: {
    must: 'the other origins whose pages may send, with commas between them, e.g. https://shop.example.com',
    option: 'origins',
    read: list,
    hint: (text) => hintAtOrigins(list(text)),
    preset: 'the same origin only',
  },
  CIO_BASE_PATH: {
    must: 'the path under which the proxy is mounted, e.g. /e',
    option: 'basePath',
    preset: 'none',
  },
  CIO_UPSTREAM_URL: {
    must: 'an http(s) address that speaks /v1/batch, without credentials, query and fragment',
    option: 'upstreamUrl',
    preset: "the region's",
  },
  CIO_CLIENT_IP: {
    must: "the trusted header that carries the visitor's address: cf-connecting-ip, x-real-ip, or header:hops, e.g. x-forwarded-for:1",
    option: 'clientIp',
    read: clientIp,
    preset: 'none',
  },
  CIO_RATE_LIMIT_PER_ADDRESS: {
    must: 'how many requests one address may make in a minute: a number of 1 or more',
    option: 'rateLimit.perAddress',
    read: Number,
    preset: 'off',
  },
  CIO_RATE_LIMIT_PER_KEY: {
    must: 'how many requests may be made with one client key in a minute: a number of 1 or more; all visitors share the key',
    option: 'rateLimit.perKey',
    read: Number,
    preset: 'off',
  },
  CIO_UPSTREAM_CONCURRENCY: {
    must: 'how many requests to Customer.io may be under way at a time: a number of 1 or more',
    option: 'upstream.maxConcurrent',
    read: Number,
    preset: '100',
  },
  CIO_MERGE: {
    must: 'on, off, or how many milliseconds a batch waits for those of other browsers, to go to Customer.io in one request with them',
    option: 'upstream.merge',
    read: merge,
    preset: '5',
  },
  CIO_MAX_IN_FLIGHT_BYTES: {
    must: 'how many bytes all bodies together may have that are under way: a number of 1 or more',
    option: 'maxInFlightBytes',
    read: Number,
    preset: 'an eighth of the memory, 16 to 128 MiB',
  },
  CIO_TIMEOUT_MS: {
    must: 'how long a delivery may take, in milliseconds: a number of 1 or more',
    option: 'timeoutMs',
    read: Number,
    preset: '10000',
  },
  CIO_CORRECT_CLOCK: {
    must: 'on or off: whether events of browsers with a wrong clock get the right time',
    option: 'correctClock',
    read: flag,
    preset: 'off',
  },
  CIO_DEDUPLICATE: {
    must: 'on or off: whether an event that was accepted in the last ten minutes is kept back when it comes again',
    option: 'deduplicate',
    read: flag,
    preset: 'on',
  },
  CIO_REDIS_URL: {
    must: 'the address of a Redis or Valkey that all copies of the proxy share, for what they deduplicate and for their limits, e.g. redis://redis.internal:6379 or rediss://user:password@redis.internal:6379/0; needs the package redis',
    secret: true,
    preset: 'each copy by itself',
  },
  ...NATS_VARIABLES,
  CIO_ANONYMOUS_ID_COOKIE_DOMAIN: {
    must: 'the domain of the cookie with the anonymous id, such as example.com for pages of shop.example.com; lets the cookie live longer than seven days in Safari',
    option: 'anonymousIdCookie.domain',
    preset: 'off',
  },
  CIO_METRICS: {
    must: 'the path of metrics for Prometheus, e.g. /metrics; whoever reaches it can read them',
    option: 'metrics',
    hint: (text) =>
      /[^/]\/+$/.test(text) ? `It ends with a slash: write ${text.replace(/\/+$/, '')}.` : undefined,
    preset: 'off',
  },
  CIO_TOKEN_JWKS_URL: {
    must: 'the http(s) address where the issuer of customer tokens publishes its keys; turns customer tokens on',
    option: 'customerToken.jwksUrl',
    preset: 'off',
  },
  CIO_TOKEN_SECRET: {
    must: 'the secret that customer tokens are signed with, of 32 bytes or more; instead of CIO_TOKEN_JWKS_URL',
    option: 'customerToken.secret',
    secret: true,
    preset: 'off',
  },
  CIO_TOKEN_PUBLIC_KEY: {
    must: 'the public key of the issuer of customer tokens, as PEM (BEGIN PUBLIC KEY), lines ended by \\n or line ends; instead of CIO_TOKEN_JWKS_URL',
    option: 'customerToken.publicKey',
    read: pem,
    // Secret, because the private key may have been put here by mistake.
    secret: true,
    preset: 'off',
  },
  CIO_TOKEN_ALGORITHMS: {
    must: 'the algorithms that may have signed a token, with commas between them: HS256, HS384 or HS512 with a secret, otherwise e.g. RS256,ES256',
    option: 'customerToken.algorithms',
    read: list,
    preset: 'HS256 with a secret, otherwise RS256,ES256,EdDSA,Ed25519',
  },
  CIO_TOKEN_ISSUER: {
    must: 'what "iss" of a token must be, or several with commas between them',
    option: 'customerToken.issuer',
    read: list,
    preset: 'any',
  },
  CIO_TOKEN_AUDIENCE: {
    must: 'what "aud" of a token must hold, or several with commas between them',
    option: 'customerToken.audience',
    read: list,
    preset: 'any',
  },
  CIO_TOKEN_SUBJECT: {
    must: 'the claim that holds the user id',
    option: 'customerToken.subject',
    preset: 'sub',
  },
  CIO_TOKEN_LEEWAY_SECONDS: {
    must: "by how much the issuer's clock may differ: a number from 0 to 600",
    option: 'customerToken.leewaySeconds',
    read: Number,
    preset: '30',
  },
  CIO_TOKEN_MODE: {
    must: "report (the log tells which events would be refused), required (events of a person need that person's token) or disabled",
    option: 'customerToken.mode',
    preset: 'report',
  },
  CIO_TOKEN_SCOPE: {
    must: 'the scopes that a token must have, with single spaces between them',
    option: 'customerToken.scope',
    preset: 'none',
  },
  CIO_APP_API_KEY: {
    must: "a key of Customer.io's App API, which lets persons with a token read what is stored of them; it stays on this server",
    option: 'appApi.key',
    secret: true,
    preset: 'off',
  },
  CIO_APP_API_ATTRIBUTES: {
    must: 'the attributes that persons may read of themselves, with commas between them',
    option: 'appApi.attributes',
    read: list,
    preset: 'all',
  },
  CIO_APP_API_URL: {
    must: 'an http(s) address that speaks the App API, without credentials, query and fragment',
    option: 'appApi.url',
    preset: "the region's",
  },
  CIO_IN_APP_SITE_ID: {
    must: 'the site id of the workspace, which lets persons with a token read and change their inbox',
    option: 'inApp.siteId',
    preset: 'off',
  },
  CIO_IN_APP_URL: {
    must: 'an http(s) address that speaks the in-app API, without credentials, query and fragment',
    option: 'inApp.url',
    preset: "Customer.io's",
  },
  CIO_STOP_TIMEOUT_MS: {
    must: 'how long requests in flight may take to end when it is told to stop, in milliseconds: a number from 0 to 999999',
    preset: '20000',
  },
  HOST: { must: 'the address to listen on', preset: 'all' },
  PORT: { must: 'the port to listen on: a number from 0 to 65535', preset: '8080' },
};

/** The names of the variables of the command `forward`. */
const FORWARD_NAMES: ReadonlySet<string> = new Set([
  'CIO_WRITE_KEY',
  'CIO_REGION',
  'CIO_UPSTREAM_URL',
  'CIO_UPSTREAM_CONCURRENCY',
  'CIO_MERGE',
  'CIO_TIMEOUT_MS',
  'CIO_DEDUPLICATE',
  'CIO_REDIS_URL',
  'CIO_METRICS',
  'CIO_STOP_TIMEOUT_MS',
  'HOST',
  'PORT',
  ...Object.keys(NATS_VARIABLES),
]);

/** The variables of the command `forward`: those of the command `proxy` that it uses too. */
export const FORWARD_VARIABLES: Readonly<Record<string, Variable>> = Object.fromEntries(
  Object.entries(VARIABLES).filter(([name]) => FORWARD_NAMES.has(name)),
);
