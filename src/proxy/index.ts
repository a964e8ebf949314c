export { createProxy } from './proxy.ts';
export { createTokenIssuer } from './issuer.ts';
export { createForwarder } from './forwarder.ts';
export { packBatch } from './message.ts';
export { SdkError } from '../errors.ts';
export type { CioProxy } from './proxy.ts';
export type { ProxyOptions } from './options.ts';
export type {
  AppApiOptions,
  CustomerTokenOptions,
  InAppOptions,
  Jwk,
  TokenAlgorithm,
  TokenMode,
} from './token-options.ts';
export type { JwkSet, TokenIssuer, TokenIssuerOptions } from './issuer.ts';
export type { AcceptedBatch, Deliver } from './dispatch.ts';
export type {
  ForwardInfo,
  ForwardLogEntry,
  ForwardOutcome,
  Forwarder,
  ForwarderOptions,
} from './forwarder.ts';
export type { BatchMessage, PackOptions } from './message.ts';
export type { Enrich, Filter, RequestInfo, Transform } from './prepare.ts';
export type { AnonymousIdCookieOptions } from './cookie.ts';
export type { RateCount, RateLimitOptions, RateLimitStore } from './rate-limit.ts';
export type { DeduplicateOptions } from './deduplicate.ts';
export type { ClaimState, DeduplicateStore } from './deduplicate-store.ts';
export type { UpstreamOptions } from './upstream.ts';
export type { ClientIp } from './client-ip.ts';
export type { KeyCheck, SiteKey } from './credentials.ts';
export type { FileSource } from './files.ts';
export type { FetchLike } from './forward.ts';
export type { ProxyLogEntry } from './log.ts';
export type { ProxyErrorCode } from './answer.ts';
export type { NodeHandler, NodeRequest, NodeResponse } from './node.ts';
export type { SdkErrorCode } from '../errors.ts';
export type {
  AttributesAnswer,
  BatchAnswer,
  ErrorBody,
  EventType,
  InboxAnswer,
  InboxMessage,
  RejectedEvent,
  SubscriptionTopic,
  TokenRejection,
  TopicsAnswer,
  WireEvent,
} from '../wire.ts';
