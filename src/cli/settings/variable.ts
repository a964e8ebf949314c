import type {
  AnonymousIdCookieOptions,
  AppApiOptions,
  CustomerTokenOptions,
  InAppOptions,
  ProxyOptions,
  RateLimitOptions,
  UpstreamOptions,
} from '../../proxy.ts';

/** An option of `createProxy`, or one inside a group of them. */
export type OptionPath =
  | keyof ProxyOptions
  | `customerToken.${keyof CustomerTokenOptions}`
  | `appApi.${keyof AppApiOptions}`
  | `inApp.${keyof InAppOptions}`
  | `rateLimit.${keyof RateLimitOptions}`
  | `upstream.${keyof UpstreamOptions}`
  | `anonymousIdCookie.${keyof AnonymousIdCookieOptions}`;

/** One environment variable, in words for people. */
export interface Variable {
  /** What it must be: completes "it must be …". */
  readonly must: string;
  /** The option of `createProxy` that it becomes. */
  readonly option?: OptionPath;
  readonly read?: (text: string) => unknown;
  readonly preset?: string;
  readonly secret?: true;
}
