import type { CustomerTokenProvider } from './contract.ts';

/**
 * A provider as an object with a method, such as the login client of an application.
 * @example
 * const login: CustomerTokenSource = { getCustomerToken: ({ userId }) => session.tokenFor(userId) };
 */
export interface CustomerTokenSource {
  /** Requests a token: see {@link CustomerTokenProvider}. */
  readonly getCustomerToken: CustomerTokenProvider;
}

/** The limits of the customer token. Times in milliseconds and counts are whole numbers above 0. */
export interface TokenLimits {
  /**
   * The longest time for one call of the provider, in milliseconds. After this time, the signal of the call is aborted.
   * @default 10000
   */
  readonly timeoutMs: number;
  /** The longest time that a private call waits for a token, in milliseconds. @default 15000 */
  readonly waitMs: number;
  /** The lifetime of a token that has no time of expiry, in milliseconds. @default 300000 (5 minutes) */
  readonly opaqueTtlMs: number;
  /** How long the provider is not called after it has returned `null`, in milliseconds. @default 30000 */
  readonly nullTtlMs: number;
  /**
   * How long a token is used that has expired by a clock which may be wrong, in milliseconds. A token with the time of issue (claim
   * `iat`) is instead used for its whole lifetime.
   * @default 60000
   */
  readonly suspectTtlMs: number;
  /**
   * How long before its expiry a token is no longer used, in milliseconds. The smaller of `hardMs` and `hardRatio` counts.
   * @default 30000
   */
  readonly hardMs: number;
  /** The same as `hardMs`, as a fraction of the token's lifetime: above 0, below 1. @default 0.1 */
  readonly hardRatio: number;
  /**
   * How long before its expiry a token is refreshed, in milliseconds. The smaller of `aheadMs` and `aheadRatio` counts.
   * @default 300000 (5 minutes)
   */
  readonly aheadMs: number;
  /** The same as `aheadMs`, as a fraction of the token's lifetime: above 0, below 1. @default 0.2 */
  readonly aheadRatio: number;
  /**
   * The largest fraction by which the time of `aheadMs` or `aheadRatio` is shortened at random, so that tabs do not refresh at the
   * same moment: above 0, below 1.
   * @default 0.1
   */
  readonly aheadJitterRatio: number;
  /**
   * The upper limit of the random wait after a first failure of the provider, in milliseconds. Each further failure in a row
   * doubles the limit.
   * @default 1000
   */
  readonly backoffBaseMs: number;
  /** The longest wait after a failure, in milliseconds. @default 300000 (5 minutes) */
  readonly backoffCapMs: number;
  /** The number of fresh tokens in a row that the proxy must refuse before private calls are blocked. @default 3 */
  readonly breakerRejections: number;
  /**
   * How long private calls are blocked the first time, in milliseconds. Each further block is twice as long.
   * @default 300000 (5 minutes)
   */
  readonly breakerMs: number;
  /** The longest time that private calls are blocked, in milliseconds. @default 3600000 (1 hour) */
  readonly breakerCapMs: number;
  /** The longest token that is accepted, in bytes. @default 8192 */
  readonly maxTokenBytes: number;
  /**
   * The longest delay of one timer, in milliseconds. When the timer runs, the remaining time is computed again.
   * @default 21600000 (6 hours)
   */
  readonly timerClampMs: number;
  /**
   * The time since the last private call after which the token is no longer refreshed by a timer, in milliseconds.
   * @default 1800000 (30 minutes)
   */
  readonly idleMs: number;
  /**
   * The wall clock counts as set when it differs from the monotonic clock by more than this, in milliseconds.
   * @default 5000
   */
  readonly clockStepMs: number;
}

/**
 * Where a JWT has the user id: the name of a claim, or a function that gets all claims and returns the user id. `false`: the SDK
 * does not compare the user id in the token. A token that names another user is never sent.
 */
export type SubjectClaim = string | false | ((claims: Readonly<Record<string, unknown>>) => unknown);

/**
 * The option `customerToken` with limits. A limit that is not valid is reported as an `error` event (`invalid-options`), and its
 * default is used.
 * @example
 * const customerToken: CustomerTokenOptions = {
 *   provider: async ({ userId }) => (await fetch(`/login/token?for=${encodeURIComponent(userId)}`)).text(),
 *   timeoutMs: 5_000,
 *   subject: 'user_id',
 * };
 */
export interface CustomerTokenOptions extends Partial<TokenLimits> {
  /** The function that requests a token, or an object with the method `getCustomerToken`. */
  readonly provider: CustomerTokenProvider | CustomerTokenSource;
  /** Where a JWT has the user id: a claim, a function, or `false` to skip the comparison. @default 'sub' */
  readonly subject?: SubjectClaim;
}

/** The option `customerToken`: the provider alone, or the provider with limits. */
export type CustomerToken = CustomerTokenProvider | CustomerTokenSource | CustomerTokenOptions;

/** The limits and the claim, complete with defaults. */
export interface CustomerTokenSettings extends TokenLimits {
  readonly subject: SubjectClaim;
}

export const TOKEN_DEFAULTS: CustomerTokenSettings = {
  timeoutMs: 10_000,
  waitMs: 15_000,
  opaqueTtlMs: 300_000,
  nullTtlMs: 30_000,
  suspectTtlMs: 60_000,
  hardMs: 30_000,
  hardRatio: 0.1,
  aheadMs: 300_000,
  aheadRatio: 0.2,
  aheadJitterRatio: 0.1,
  backoffBaseMs: 1_000,
  backoffCapMs: 300_000,
  breakerRejections: 3,
  breakerMs: 300_000,
  breakerCapMs: 3_600_000,
  maxTokenBytes: 8_192,
  timerClampMs: 21_600_000,
  idleMs: 1_800_000,
  clockStepMs: 5_000,
  subject: 'sub',
};

export interface ResolvedCustomerToken {
  readonly provider: CustomerTokenProvider | undefined;
  readonly limits: CustomerTokenSettings;
}

/**
 * Completes the option `customerToken` with defaults. The provider has been validated before. A limit that is not valid is
 * reported to `tell`, and its default is used.
 */
export function resolveCustomerToken(
  option: CustomerToken | undefined,
  tell: (message: string) => void,
): ResolvedCustomerToken {
  const limits: Record<string, unknown> = { ...TOKEN_DEFAULTS }; // a copy, whose values are replaced by name
  // A `CustomerTokenSource` is an object of the application: its other fields are not options.
  const fields = typeof option === 'object' && 'provider' in option ? option : {};
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'provider' || value === undefined) continue;
    const isKnown = Object.hasOwn(TOKEN_DEFAULTS, key);
    const expected = isKnown ? expectedOf(key, value) : undefined;
    if (isKnown && !expected) limits[key] = value;
    else if (expected) tell(`"customerToken.${key}" must be ${expected}, got ${shown(value)}`);
    else tell(`"customerToken.${key}" is not an option`);
  }
  return { provider: providerOf(option), limits: limits as unknown as CustomerTokenSettings }; // keys of the defaults, values checked
}

function providerOf(option: CustomerToken | undefined): CustomerTokenProvider | undefined {
  if (typeof option !== 'object') return option;
  if ('provider' in option) return providerOf(option.provider);
  return (request) => option.getCustomerToken(request);
}

/** Describes the values that the option accepts, when `value` is none of them; undefined when it is. */
function expectedOf(key: string, value: unknown): string | undefined {
  if (key === 'subject') {
    const fits = value === false || typeof value === 'function' || (typeof value === 'string' && value);
    return fits ? undefined : 'the name of a claim, a function or false';
  }
  const isRatio = key.endsWith('Ratio');
  const fits = typeof value === 'number' && value > 0 && (isRatio ? value < 1 : Number.isSafeInteger(value));
  if (fits) return undefined;
  return isRatio ? 'a number above 0 and below 1' : 'a whole number above 0';
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
