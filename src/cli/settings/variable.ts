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

/** An environment variable, described for people. */
export interface Variable {
  /** The values that it accepts: completes "it must be …". */
  readonly must: string;
  /** The option of `createProxy` that it sets. Missing where the command itself uses it. */
  readonly option?: OptionPath;
  /** Turns the text into the value of the option. @default the text */
  readonly read?: (text: string) => unknown;
  /** The default, in words. Missing where the variable is required. */
  readonly preset?: string;
  /** Says what is wrong with a refused text, and what to write instead, where that is known. Must not show a secret. */
  readonly hint?: (text: string) => string | undefined;
  /** The value is never shown, and can be in a file. */
  readonly secret?: true;
}
