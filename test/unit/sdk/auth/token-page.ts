import { createTokenCache } from '../../../../src/sdk/auth/token-cache.ts';
import type {
  CustomerTokenProvider,
  TokenIdentity,
  TokenErrorCode,
  TokenEvent,
  TokenCache,
  TokenRequest,
} from '../../../../src/sdk/auth/contract.ts';
import {
  TOKEN_DEFAULTS,
  type CustomerTokenSettings,
} from '../../../../src/sdk/auth/customer-token-options.ts';
import { type FakeClock, fakeClock, START_MS } from '../../../fakes/clock.ts';

export class TokenError extends Error {
  readonly code: TokenErrorCode;
  readonly retryAtMs: number | undefined;

  constructor(code: TokenErrorCode, message: string, extra: { cause?: unknown; retryAtMs?: number } = {}) {
    super(message, extra);
    this.code = code;
    this.retryAtMs = extra.retryAtMs;
  }
}

/** A token cache in a page whose clocks, provider and state the test controls. */
export interface TokenPage {
  readonly tokenCache: TokenCache;
  readonly clock: FakeClock;
  /** The requests that the provider got. */
  readonly asked: TokenRequest[];
  readonly events: TokenEvent[];
  readonly warnings: string[];
  types(): readonly string[];
  provide(provider: CustomerTokenProvider): void;
  awake(is: boolean): void;
  /** The machine sleeps: the wall clock advances, and the monotonic clock stands still. */
  sleep(ms: number): void;
  onTell(run: (event: TokenEvent) => void): void;
}

export interface PageSetup {
  readonly identity?: TokenIdentity;
  readonly options?: Partial<CustomerTokenSettings>;
  readonly provider?: CustomerTokenProvider | 'none';
  random?(): number;
}

export const ANN: TokenIdentity = { userId: 'ann', anonymousId: 'a1' };
export const BOB: TokenIdentity = { userId: 'bob', anonymousId: 'a1' };
export const NOBODY: TokenIdentity = { userId: null, anonymousId: 'a1' };

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
let serial = 0;

/** A JWT that is different each time. */
export const jwt = (claims: object, header: object = { alg: 'HS256' }): string =>
  `${base64url(header)}.${base64url({ ...claims, jti: ++serial })}.c2lnbmF0dXJl`;

/** @param atMs the time of issue, by the server's clock */
export const hourJwt = (userId: string | null, atMs: number = START_MS): string =>
  jwt({ sub: userId, iat: atMs / 1_000, exp: (atMs + HOUR) / 1_000 });

export function tokenPage(setup: PageSetup = {}): TokenPage {
  // One turn is enough: a token cache waits for promises and for timers of the clock only.
  const inner = fakeClock(START_MS, 1);
  let monotonicLag = 0;
  let skew = 0;
  // `set` moves only the wall clock, not the monotonic clock.
  const clock: FakeClock = {
    ...inner,
    set(nowMs) {
      skew += nowMs - inner.now();
      inner.set(nowMs);
    },
  };
  const asked: TokenRequest[] = [];
  const events: TokenEvent[] = [];
  const warnings: string[] = [];
  let provider: CustomerTokenProvider =
    typeof setup.provider === 'function'
      ? setup.provider
      : ({ userId }) => ({ token: `opaque-${userId}-${++serial}`, expiresIn: 3_600 });
  let isAwake = true;
  let listener: (event: TokenEvent) => void = () => {};
  const tokenCache = createTokenCache({
    clock,
    monotonicMs: () => inner.now() - START_MS - skew - monotonicLag,
    random: setup.random ?? (() => 0.5),
    isAwake: () => isAwake,
    ...(setup.provider !== 'none' && {
      provider: (request: TokenRequest) => {
        asked.push(request);
        return provider(request);
      },
    }),
    options: { ...TOKEN_DEFAULTS, ...setup.options },
    identity: setup.identity ?? ANN,
    error: (code, message, extra) => new TokenError(code, message, extra),
    tell(event) {
      events.push(event);
      listener(event);
    },
    warn: (message) => void warnings.push(message),
  });
  return {
    tokenCache,
    clock,
    asked,
    events,
    warnings,
    types: () => events.map(({ type }) => type),
    provide: (next) => void (provider = next),
    awake: (is) => void (isAwake = is),
    sleep(ms) {
      inner.set(inner.now() + ms);
      monotonicLag += ms;
    },
    onTell: (run) => void (listener = run),
  };
}

/** The code of the error with which the promise rejects, or the value of the promise. */
export const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (cause: unknown) => (cause instanceof TokenError ? cause.code : cause),
  );

export function codeOfThrow(act: () => unknown): unknown {
  try {
    return act();
  } catch (cause) {
    return cause instanceof TokenError ? cause.code : cause;
  }
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(cause: unknown): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve: Deferred<T>['resolve'] = () => {};
  let reject: Deferred<T>['reject'] = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
