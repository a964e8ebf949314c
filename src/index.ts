export { createAnalytics } from './create.ts';
export { SdkError } from './errors.ts';

export type { Stats } from './accounts.ts';
export type {
  Analytics,
  CallOptions,
  Calls,
  Consent,
  FlushResult,
  Properties,
  Receipt,
} from './analytics.ts';
export type { SourceMiddleware } from './customerio/analytics.ts';
export type { CookieOptions } from './customerio/cookies.ts';
export type { IdentityOptions, Traits, User } from './customerio/identity.ts';
export type { Plugin, PluginContext } from './customerio/plugin.ts';
export type { SdkErrorCode } from './errors.ts';
export type { AnalyticsEvents, ConsentState, DropReason, EventName } from './events.ts';
export type { AnalyticsOptions, DeliveryOptions, OutboxOptions } from './options.ts';
export type { EventType, WireEvent } from './wire.ts';
