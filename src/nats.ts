/**
 * Entry `cio-first-party/nats`: NATS JetStream as a message queue, and as a store that the replicas of the proxy share.
 */
export { forwardFromNats } from './proxy/nats/forward-from-nats.ts';
export { toNats } from './proxy/nats/to-nats.ts';
export { natsStore } from './proxy/nats/nats-store.ts';
export type {
  ForwardFromNatsOptions,
  NatsConsumer,
  NatsForwarding,
  NatsMessage,
} from './proxy/nats/forward-from-nats.ts';
export type { NatsPublisher, ToNatsOptions } from './proxy/nats/to-nats.ts';
export type { NatsBucket, NatsEntry } from './proxy/nats/nats-bucket.ts';
export type { AcceptedBatch } from './proxy/upstream/dispatch.ts';
export type { ForwardInfo, ForwardOutcome } from './proxy/broker/contract.ts';
export type { ClaimState, DeduplicateStore } from './proxy/deduplicate/store-contract.ts';
export type { EventType, RejectedEvent, WireEvent } from './protocol/wire.ts';
