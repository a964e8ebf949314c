/** Compiled by `tsc -p test/tsconfig.json`, never run: the public types for an operator of a proxy. */
import {
  type BatchAnswer,
  type ClaimState,
  createProxy,
  createTokenIssuer,
  type CustomerTokenOptions,
  type DeduplicateOptions,
  type DeduplicateStore,
  type ErrorBody,
  type InboxAnswer,
  type Jwk,
  type JwkSet,
  type ProxyLogEntry,
  type RateCount,
  type RateLimitStore,
  type SiteKey,
  type SubscriptionTopic,
  type TokenRejection,
} from '../../src/proxy.ts';

const writeKey = 'write-key';
const clientKeys = ['web'];

// Options.
createProxy({
  writeKey,
  clientKeys,
  customerToken: {
    jwksUrl: new URL('https://id.example/jwks'),
    algorithms: ['RS256', 'ES256'],
    issuer: ['https://id.example'],
    audience: 'shop',
    subject: 'user_id',
    leewaySeconds: 5,
    mode: 'report',
    scope: 'inbox',
  },
  appApi: { key: 'key', url: 'https://api.customer.io', attributes: ['plan'] },
  inApp: { siteId: 'site', url: new URL('https://consumer.cloud.gist.build') },
  onLog: ({ rejected, tokenReport, reason }: ProxyLogEntry) =>
    [rejected?.['subject_mismatch'], tokenReport?.['token_required'], reason === 'expired'] as const,
});
createProxy({ writeKey, clientKeys, customerToken: { secret: 'secret' }, appApi: undefined });
const siteKey: SiteKey = { key: 'shop', origins: ['https://shop.example.com'] };
createProxy({ writeKey, clientKeys: ['web', siteKey], bodyTimeoutMs: 5_000 });
createProxy({ writeKey, clientKeys: [{ key: 'shop', name: 'shop' }] });
// @ts-expect-error the name of a key is a text
createProxy({ writeKey, clientKeys: [{ key: 'shop', name: 1 }] });
const store: RateLimitStore = {
  count: async (requester, windowMs): Promise<RateCount> => ({ count: requester.length, resetMs: windowMs }),
};
const shared: DeduplicateStore = {
  claim: async (keys, ttlMs, onExpired) => {
    if (ttlMs > 1_000) keys.forEach((key) => onExpired?.(key));
    return keys.map((): ClaimState => 'new');
  },
  done: async (keys) => keys.length,
  release: async () => {},
};
createProxy({
  writeKey,
  clientKeys: async (key, request) => key.length > 0 && request.headers.has('Origin'),
  rateLimit: { perKey: 1_000, perAddress: false, windowMs: 1_000, store },
  upstream: {
    maxConcurrent: 1,
    maxQueued: 0,
    maxPerSecond: 1,
    retries: 0,
    breakAfter: 1,
    pauseMs: undefined,
  },
  correctClock: true,
  compatibility: true,
  deduplicate: { maxBytes: 1, windowMs: undefined, store: shared },
  anonymousIdCookie: { domain: '' },
  enrich: ({ request, address }) => ({ language: request.headers.get('Accept-Language'), address }),
  metrics: '/metrics',
});
export const closed: Promise<void> = createProxy({ writeKey, clientKeys, rateLimit: false }).close();
// @ts-expect-error the domain is missing
createProxy({ writeKey, clientKeys, anonymousIdCookie: {} });
createProxy({ writeKey, clientKeys, deduplicate: false });
const memory: DeduplicateOptions = { maxBytes: 1_000_000 };
createProxy({ writeKey, clientKeys, deduplicate: memory });
// @ts-expect-error the memory limit is in bytes
createProxy({ writeKey, clientKeys, deduplicate: { maxIds: 1 } });
// @ts-expect-error a store must have `release`
createProxy({ writeKey, clientKeys, deduplicate: { store: { claim: shared.claim, done: shared.done } } });
// @ts-expect-error a count is a number
createProxy({ writeKey, clientKeys, rateLimit: { perKey: true } });
createProxy({
  writeKey,
  clientKeys,
  customerToken: { publicKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } },
});
// @ts-expect-error this mode does not exist
createProxy({ writeKey, clientKeys, customerToken: { secret: 'secret', mode: 'optional' } });
// @ts-expect-error the algorithm `none` is not allowed
createProxy({ writeKey, clientKeys, customerToken: { secret: 'secret', algorithms: ['none'] } });
// @ts-expect-error the key is missing
createProxy({ writeKey, clientKeys, appApi: { url: 'https://api.customer.io' } });
// @ts-expect-error the site id is missing
createProxy({ writeKey, clientKeys, inApp: {} });
// @ts-expect-error a JWK must have a key type
export const jwk: Jwk = { crv: 'P-256' };
export const tokens: CustomerTokenOptions = { jwksUrl: 'https://id.example/jwks' };

// The issuer.
const issuer = createTokenIssuer({
  privateKey: '-----BEGIN PRIVATE KEY-----',
  audience: ['shop'],
  ttlSeconds: 60,
});
export const token: Promise<string> = issuer.issue('u1', { scope: 'inbox' });
export const keys: Promise<JwkSet> = issuer.jwks();
// @ts-expect-error the user id is missing
void issuer.issue();
// @ts-expect-error a number is not a user id
void issuer.issue(7);
// @ts-expect-error this option does not exist
createTokenIssuer({ secret: 'secret', ttl: 60 });

// Response types.
declare const batch: BatchAnswer;
export const rejected: readonly {
  messageId: string | null;
  error: 'token_required' | 'subject_mismatch' | 'rejected' | 'hook_failed';
  reason?: string;
}[] = batch.rejected ?? [];
declare const error: ErrorBody;
export const reason: TokenRejection | undefined = error.reason;
declare const inbox: InboxAnswer;
export const titles: unknown[] = inbox.messages.map(({ properties }) => properties['title']);
declare const topic: SubscriptionTopic;
export const description: string | undefined = topic.description;
// @ts-expect-error the id of a topic is a string
export const id: number = topic.id;
