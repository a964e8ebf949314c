import { NATS_VARIABLES } from './nats-variables.ts';
import { hintAtOrigins } from './origin-hint.ts';
import { clientIp, clientKeys, flag, list, merge, originsOfKeys, pem } from './read-variable.ts';
import type { Variable } from './variable.ts';

/** The variables of the command `proxy`. */
export const VARIABLES: Readonly<Record<string, Variable>> = {
  CIO_WRITE_KEY: {
    must: "Customer.io's write key (the API key of your source); browsers never get it",
    option: 'writeKey',
    secret: true,
  },
  CIO_CLIENT_KEYS: {
    must: 'the client keys of your pages, separated by commas, without colons, e.g. client-api-key-web; client-api-key-web@https://shop.example.com is a key for the pages of that origin only, and web:client-api-key-web a key with the name web in log and metrics',
    option: 'clientKeys',
    read: clientKeys,
    hint: (text) => hintAtOrigins(originsOfKeys(text)),
    secret: true,
  },
  CIO_REGION: { must: 'us or eu, the region of your Customer.io account', option: 'region', preset: 'us' },
  CIO_ORIGINS: {
    must: 'the other origins whose pages may send events, separated by commas, e.g. https://shop.example.com',
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
    must: 'an http(s) URL of a server with the path /v1/batch, without credentials, query and fragment',
    option: 'upstreamUrl',
    preset: "the region's",
  },
  CIO_CLIENT_IP: {
    must: "the trusted header that contains the visitor's IP address: cf-connecting-ip, x-real-ip, or header:hops, e.g. x-forwarded-for:1",
    option: 'clientIp',
    read: clientIp,
    preset: 'none',
  },
  CIO_RATE_LIMIT_PER_ADDRESS: {
    must: 'the maximum requests of one IP address in a minute: a number of 1 or more',
    option: 'rateLimit.perAddress',
    read: Number,
    preset: 'off',
  },
  CIO_RATE_LIMIT_PER_KEY: {
    must: 'the maximum requests with one client key in a minute: a number of 1 or more; all visitors share the key',
    option: 'rateLimit.perKey',
    read: Number,
    preset: 'off',
  },
  CIO_UPSTREAM_CONCURRENCY: {
    must: 'the maximum simultaneous requests to Customer.io: a number of 1 or more',
    option: 'upstream.maxConcurrent',
    read: Number,
    preset: '100',
  },
  CIO_MERGE: {
    must: 'on, off, or the milliseconds that a batch waits for batches of other browsers, to go to Customer.io in one request with them',
    option: 'upstream.merge',
    read: merge,
    preset: '5',
  },
  CIO_MAX_IN_FLIGHT_BYTES: {
    must: 'the maximum bytes of all request bodies in memory together: a number of 1 or more',
    option: 'maxInFlightBytes',
    read: Number,
    preset: 'an eighth of the memory, 16 to 128 MiB',
  },
  CIO_TIMEOUT_MS: {
    must: 'the maximum time for one delivery, in milliseconds: a number of 1 or more',
    option: 'timeoutMs',
    read: Number,
    preset: '10000',
  },
  CIO_CORRECT_CLOCK: {
    must: 'on or off: whether the proxy corrects the times of events of browsers with a wrong clock',
    option: 'correctClock',
    read: flag,
    preset: 'off',
  },
  CIO_DEDUPLICATE: {
    must: 'on or off: whether the proxy does not send an event again that was accepted in the last ten minutes',
    option: 'deduplicate',
    read: flag,
    preset: 'on',
  },
  CIO_COMPATIBILITY: {
    must: "on or off: whether the proxy accepts the requests of Customer.io's own SDKs, for the web and for apps",
    option: 'compatibility',
    read: flag,
    preset: 'off',
  },
  CIO_REDIS_URL: {
    must: 'the URL of a Redis or Valkey that all replicas of the proxy share to deduplicate events and to count requests, e.g. redis://redis.internal:6379 or rediss://user:password@redis.internal:6379/0; needs the package redis',
    secret: true,
    preset: 'none: each replica works alone',
  },
  ...NATS_VARIABLES,
  CIO_ANONYMOUS_ID_COOKIE_DOMAIN: {
    must: 'the domain of the cookie with the anonymous id, e.g. example.com for pages of shop.example.com; with it the cookie lives longer than seven days in Safari',
    option: 'anonymousIdCookie.domain',
    preset: 'off',
  },
  CIO_METRICS: {
    must: 'the path of the metrics for Prometheus, e.g. /metrics; everybody who can request this path can read them',
    option: 'metrics',
    hint: (text) =>
      /[^/]\/+$/.test(text) ? `It ends with a slash: write ${text.replace(/\/+$/, '')}.` : undefined,
    preset: 'off',
  },
  CIO_TOKEN_JWKS_URL: {
    must: 'the http(s) URL of the public keys (JWKS) of the issuer of customer tokens; turns customer tokens on',
    option: 'customerToken.jwksUrl',
    preset: 'off',
  },
  CIO_TOKEN_SECRET: {
    must: 'the secret that signs customer tokens, of 32 bytes or more; instead of CIO_TOKEN_JWKS_URL',
    option: 'customerToken.secret',
    secret: true,
    preset: 'off',
  },
  CIO_TOKEN_PUBLIC_KEY: {
    must: 'the public key of the issuer of customer tokens, as PEM (BEGIN PUBLIC KEY), with line ends or \\n between its lines; instead of CIO_TOKEN_JWKS_URL',
    option: 'customerToken.publicKey',
    read: pem,
    // Secret, because the private key may have been put here by mistake.
    secret: true,
    preset: 'off',
  },
  CIO_TOKEN_ALGORITHMS: {
    must: 'the allowed signature algorithms of a token, separated by commas: HS256, HS384 or HS512 with a secret, otherwise e.g. RS256,ES256',
    option: 'customerToken.algorithms',
    read: list,
    preset: 'HS256 with a secret, otherwise RS256,ES256,EdDSA,Ed25519',
  },
  CIO_TOKEN_ISSUER: {
    must: 'the expected "iss" of a token, or several, separated by commas',
    option: 'customerToken.issuer',
    read: list,
    preset: 'any',
  },
  CIO_TOKEN_AUDIENCE: {
    must: 'the expected "aud" of a token, or several, separated by commas',
    option: 'customerToken.audience',
    read: list,
    preset: 'any',
  },
  CIO_TOKEN_SUBJECT: {
    must: 'the name of the claim that contains the user id',
    option: 'customerToken.subject',
    preset: 'sub',
  },
  CIO_TOKEN_ID_TYPE: {
    must: 'id, email or cio_id: what that claim contains, as the workspace identifies people',
    option: 'customerToken.idType',
    preset: 'id',
  },
  CIO_TOKEN_LEEWAY_SECONDS: {
    must: "the allowed difference of the issuer's clock, in seconds: a number from 0 to 600",
    option: 'customerToken.leewaySeconds',
    read: Number,
    preset: '30',
  },
  CIO_TOKEN_MODE: {
    must: "report (the log counts the events that required would refuse), required (events of a person need that person's token) or disabled",
    option: 'customerToken.mode',
    preset: 'report',
  },
  CIO_TOKEN_SCOPE: {
    must: 'the scopes that a token must have, with single spaces between them',
    option: 'customerToken.scope',
    preset: 'none',
  },
  CIO_APP_API_KEY: {
    must: "a key of Customer.io's App API, so that persons with a token can read their attributes and subscriptions; browsers never get it",
    option: 'appApi.key',
    secret: true,
    preset: 'off',
  },
  CIO_APP_API_ATTRIBUTES: {
    must: 'the attributes that persons may read about themselves, separated by commas',
    option: 'appApi.attributes',
    read: list,
    preset: 'all',
  },
  CIO_APP_API_URL: {
    must: 'an http(s) URL of a server with the App API, without credentials, query and fragment',
    option: 'appApi.url',
    preset: "the region's",
  },
  CIO_IN_APP_SITE_ID: {
    must: 'the site id of the workspace, so that persons with a token can read and change their inbox, and see in-app messages',
    option: 'inApp.siteId',
    preset: 'off',
  },
  CIO_IN_APP_URL: {
    must: 'an http(s) URL of a server with the in-app API, without credentials, query and fragment',
    option: 'inApp.url',
    preset: "Customer.io's",
  },
  CIO_IN_APP_RENDERER_URL: {
    must: 'an https URL, or an http URL of the same machine, of the server whose page draws messages, without credentials, query and fragment',
    option: 'inApp.rendererUrl',
    preset: "Customer.io's",
  },
  CIO_IN_APP_CODE_URL: {
    must: 'an https URL, or an http URL of the same machine, of the server with the files of that page, without credentials, query and fragment',
    option: 'inApp.codeUrl',
    preset: "Customer.io's",
  },
  CIO_IN_APP_REALTIME_URL: {
    must: 'an https URL, or an http URL of the same machine, of the server that sends new messages at once, without credentials, query and fragment',
    option: 'inApp.realtimeUrl',
    preset: "Customer.io's",
  },
  CIO_IN_APP_HANDLE_SECRET: {
    must: 'the secret that signs the handles of messages, of 32 bytes or more; every replica needs the same one',
    option: 'inApp.handleSecret',
    secret: true,
    preset: 'derived from CIO_WRITE_KEY',
  },
  CIO_IN_APP_ANONYMOUS_SECRET: {
    must: 'the secret from which the proxy derives the ids of anonymous visitors, of 32 bytes or more; turns anonymous messages on',
    option: 'inApp.anonymous',
    read: (secret) => ({ secret }),
    secret: true,
    preset: 'off',
  },
  CIO_STOP_TIMEOUT_MS: {
    must: 'the maximum time for requests in flight to end after SIGTERM or SIGINT, in milliseconds: a number from 0 to 999999',
    preset: '20000',
  },
  HOST: { must: 'the IP address or host name to listen on', preset: 'all' },
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
