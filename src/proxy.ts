/** Entry `cio-first-party/proxy`: the proxy, the issuer of customer tokens, and the forwarder for message queues. */
export { createProxy } from './proxy/create-proxy.ts';
export { createTokenIssuer } from './proxy/tokens/issuer.ts';
export { createForwarder } from './proxy/broker/forwarder.ts';
export { packBatch } from './proxy/broker/message.ts';
export { SdkError } from './protocol/errors.ts';
export type { CioProxy } from './proxy/create-proxy.ts';
export type { ProxyOptions } from './proxy/proxy-options.ts';
export type {
  AppApiOptions,
  TokenVerificationOptions as CustomerTokenOptions,
  Jwk,
  TokenAlgorithm,
  TokenMode,
} from './proxy/tokens/token-options.ts';
export type { InAppOptions } from './proxy/messages/in-app-options.ts';
export type { JwkSet, TokenIssuer, TokenIssuerOptions } from './proxy/tokens/issuer.ts';
export type { AcceptedBatch, Deliver } from './proxy/upstream/dispatch.ts';
export type {
  ForwardInfo,
  ForwardLogEntry,
  ForwardOutcome,
  Forwarder,
  ForwarderOptions,
} from './proxy/broker/contract.ts';
export type { BatchMessage, PackOptions } from './proxy/broker/message.ts';
export type { Enrich, Filter, RequestInfo, Transform } from './proxy/ingest/hooks.ts';
export type { AnonymousIdCookieOptions } from './proxy/files/anonymous-id-cookie.ts';
export type { RateCount, RateLimitOptions, RateLimitStore } from './proxy/access/rate-limit.ts';
export type { DeduplicateOptions } from './proxy/deduplicate/deduplicate.ts';
export type { ClaimState, DeduplicateStore } from './proxy/deduplicate/store-contract.ts';
export type { MergeOptions, UpstreamOptions } from './proxy/upstream/upstream-options.ts';
export type { ClientIp } from './proxy/access/client-ip.ts';
export type { KeyCheck, SiteKey } from './proxy/access/client-key.ts';
export type { FileSource } from './proxy/files/serve-files.ts';
export type { FetchLike } from './proxy/upstream/send-batch.ts';
export type { ProxyLogEntry } from './proxy/telemetry/request-log.ts';
export type { ProxyErrorCode } from './proxy/http/response.ts';
export type { NodeHandler, NodeRequest, NodeResponse } from './proxy/http/node-http.ts';
export type { SdkErrorCode } from './protocol/errors.ts';
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
} from './protocol/wire.ts';
export type { HandledInboxMessage, MessagesAnswer, MetricBody, QueueMessage } from './protocol/messages.ts';
