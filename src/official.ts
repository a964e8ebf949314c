/**
 * Entry `cio-first-party/official`: the delivery of this package under an unmodified `@customerio/cdp-analytics-browser`. The module
 * can also be imported on a server, where the plugin does nothing.
 */
export { firstPartyDelivery } from './sdk/official/first-party-delivery.ts';
export { SdkError } from './protocol/errors.ts';

export type {
  FirstPartyDelivery,
  FirstPartyDeliveryOptions,
  OfficialContext,
} from './sdk/official/contract.ts';
export type { Stats } from './sdk/outbox/stats.ts';
export type { StorageKind } from './sdk/outbox/fallback.ts';
export type { Consent, FlushResult } from './sdk/api.ts';
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
export type { SdkErrorCode } from './protocol/errors.ts';
export type { ConsentDecision, ConsentSource } from './sdk/consent/source.ts';
export type { AnalyticsEvents, Categories, ConsentState, DropReason, EventName } from './sdk/events.ts';
export type { DeliveryOptions, OutboxOptions } from './sdk/options/options.ts';
export type { InAppMessageEvent } from './sdk/messages/contract.ts';
export type { EventType, TokenRejection, WireEvent } from './protocol/wire.ts';
