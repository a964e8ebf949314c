/**
 * Entry `cio-first-party`: the SDK for browsers. The module can also be imported on a server, where an instance does
 * nothing.
 */
export { createAnalytics } from './sdk/create-analytics.ts';
export { SdkError } from './protocol/errors.ts';

export type { Stats } from './sdk/outbox/stats.ts';
export type { StorageKind } from './sdk/outbox/fallback.ts';
export type {
  Analytics,
  CallOptions,
  Calls,
  Consent,
  FlushResult,
  IdentifyOptions,
  Messages,
  Properties,
  Receipt,
} from './sdk/api.ts';
export type { TrackedElements, VendorMembers } from './sdk/vendor-api.ts';
export type {
  CustomerTokenProvider,
  TokenEvent,
  TokenReason,
  TokenRequest,
  TokenResult,
  TokenStatus,
} from './sdk/auth/contract.ts';
export type {
  CustomerToken,
  CustomerTokenOptions,
  CustomerTokenSource,
} from './sdk/auth/customer-token-options.ts';

export type { CookieOptions } from './sdk/identity/cookies.ts';
export type { IdentityOptions, Traits, User } from './sdk/identity/stored-user.ts';
export type { DraftEvent, PluginEvent } from './sdk/event/draft-event.ts';
export type { EventContext, Plugin, PluginContext, SourceMiddleware } from './sdk/plugins/plugin.ts';
export type { SdkErrorCode } from './protocol/errors.ts';
export type { ConsentDecision, ConsentSource } from './sdk/consent/source.ts';
export type { AnalyticsEvents, Categories, ConsentState, DropReason, EventName } from './sdk/events.ts';
export type {
  AnalyticsOptions,
  DeliveryOptions,
  OutboxOptions,
  PageViewOptions,
} from './sdk/options/options.ts';
export type { InAppMessageOptions, ShowableMessage } from './sdk/messages/message-options.ts';
export type { InAppMessageEvent } from './sdk/messages/contract.ts';
export type { OfficialDetail, OfficialListener } from './sdk/messages/official-events.ts';
export type { ColorScheme } from './sdk/messages/display/contract.ts';
export type { Customer, Inbox, InboxEntry, InboxView } from './sdk/private/contract.ts';
export type {
  EventType,
  InboxMessage,
  SubscriptionTopic,
  TokenRejection,
  WireEvent,
} from './protocol/wire.ts';
