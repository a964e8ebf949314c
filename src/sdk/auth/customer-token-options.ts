import type { CustomerTokenProvider } from './contract.ts';

/** A provider as an object of yours. */
export interface CustomerTokenSource {
  readonly getCustomerToken: CustomerTokenProvider;
}

/** Every number of the customer token. */
export interface TokenLimits {
  /** How long the provider may take, in milliseconds. @default 10000 */
  readonly timeoutMs: number;
  /** How long a private call waits for a token, in milliseconds. @default 15000 */
  readonly waitMs: number;
  /** How long a token lasts that does not say so, in milliseconds. @default 300000 (5 minutes) */
  readonly opaqueTtlMs: number;
  /** How long the provider is left alone after `null`, in milliseconds. @default 30000 */
  readonly nullTtlMs: number;
  /**
   * How long a token is used that has expired by a clock which may be wrong, and does not tell when it was made, in
   * milliseconds. @default 60000
   */
  readonly suspectTtlMs: number;
  /** A token is not used for the last of its time: the smaller of this, in milliseconds, and `hardRatio`. @default 30000 */
  readonly hardMs: number;
  /** Part of its time: above 0, below 1. @default 0.1 */
  readonly hardRatio: number;
  /** A token is renewed so long before its end: the smaller of this, in milliseconds, and `aheadRatio`. @default 300000 */
  readonly aheadMs: number;
  /** Part of its time: above 0, below 1. @default 0.2 */
  readonly aheadRatio: number;
  /** Up to this part of that is left out by chance, so that tabs do not renew at once: above 0, below 1. @default 0.1 */
  readonly aheadJitterRatio: number;
  /** The first wait after a failure, at most, in milliseconds; each further one may be twice as long. @default 1000 */
  readonly backoffBaseMs: number;
  /** The longest such wait, in milliseconds. @default 300000 (5 minutes) */
  readonly backoffCapMs: number;
  /** So many fresh tokens in a row that the proxy refuses block private calls. @default 3 */
  readonly breakerRejections: number;
  /** For how long at first, in milliseconds; each further time twice as long. @default 300000 (5 minutes) */
  readonly breakerMs: number;
  /** The longest such time, in milliseconds. @default 3600000 (1 hour) */
  readonly breakerCapMs: number;
  /** @default 8192 */
  readonly maxTokenBytes: number;
  /** No timer is set for longer, in milliseconds. @default 21600000 (6 hours) */
  readonly timerClampMs: number;
  /** So long after the last private call the token is no longer renewed by itself, in milliseconds. @default 1800000 (30 minutes) */
  readonly idleMs: number;
  /** A wall clock that differs by more has been set, in milliseconds. @default 5000 */
  readonly clockStepMs: number;
}

/**
 * Whom a JWT names: the name of a claim, or a function of all claims. `false`: it is not looked at. A token that names
 * somebody else is never sent.
 */
export type SubjectClaim = string | false | ((claims: Readonly<Record<string, unknown>>) => unknown);

export interface CustomerTokenOptions extends Partial<TokenLimits> {
  readonly provider: CustomerTokenProvider | CustomerTokenSource;
  /** @default 'sub' */
  readonly subject?: SubjectClaim;
}

/** The option `customerToken`. */
export type CustomerToken = CustomerTokenProvider | CustomerTokenSource | CustomerTokenOptions;

/** The numbers and the claim with nothing missing. */
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
 * Completes the option `customerToken`, whose provider has been looked at already. A limit that is wrong is told, and its
 * default taken.
 */
export function resolveCustomerToken(
  given: CustomerToken | undefined,
  tell: (message: string) => void,
): ResolvedCustomerToken {
  const limits: Record<string, unknown> = { ...TOKEN_DEFAULTS }; // a copy, to be filled by name
  // An object that gets tokens itself may have fields of its own.
  const beside = typeof given === 'object' && 'provider' in given ? given : {};
  for (const [key, value] of Object.entries(beside)) {
    if (key === 'provider' || value === undefined) continue;
    const isKnown = Object.hasOwn(TOKEN_DEFAULTS, key);
    const expected = isKnown ? expectedOf(key, value) : undefined;
    if (isKnown && !expected) limits[key] = value;
    else if (expected) tell(`"customerToken.${key}" must be ${expected}, got ${shown(value)}`);
    else tell(`"customerToken.${key}" is not an option`);
  }
  return { provider: providerOf(given), limits: limits as unknown as CustomerTokenSettings }; // the defaults' keys, each checked
}

function providerOf(given: CustomerToken | undefined): CustomerTokenProvider | undefined {
  if (typeof given !== 'object') return given;
  if ('provider' in given) return providerOf(given.provider);
  return (request) => given.getCustomerToken(request);
}

/** What should have come instead, where this will not do. */
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
