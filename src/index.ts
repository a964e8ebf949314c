export { createAnalytics } from './create.ts';
export { SdkError } from './errors.ts';

export type { Stats } from './accounts.ts';
export type {
  Analytics,
  CallOptions,
  Calls,
  Consent,
  FlushResult,
  IdentifyOptions,
  Properties,
  Receipt,
} from './analytics.ts';
export type {
  CustomerTokenProvider,
  TokenEvent,
  TokenReason,
  TokenRequest,
  TokenResult,
  TokenStatus,
} from './auth/token-contract.ts';
export type { CustomerToken, CustomerTokenOptions, CustomerTokenSource } from './auth/token-options.ts';

export type { CookieOptions } from './customerio/cookies.ts';
export type { IdentityOptions, Traits, User } from './customerio/identity.ts';
export type { Plugin, PluginContext, SourceMiddleware } from './customerio/plugin.ts';
export type { SdkErrorCode } from './errors.ts';
export type { ConsentDecision, ConsentSource } from './consent/source.ts';
export type { AnalyticsEvents, Categories, ConsentState, DropReason, EventName } from './events.ts';
export type { AnalyticsOptions, DeliveryOptions, OutboxOptions, PageViewOptions } from './options.ts';
export type { Customer, Inbox } from './private/contract.ts';
export type { EventType, InboxMessage, SubscriptionTopic, WireEvent } from './wire.ts';
