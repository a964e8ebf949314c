export { forwardFromNats } from './forward.ts';
export { toNats } from './publish.ts';
export { natsStore } from './store.ts';
export type { ForwardFromNatsOptions, NatsConsumer, NatsForwarding, NatsMessage } from './forward.ts';
export type { NatsPublisher, ToNatsOptions } from './publish.ts';
export type { NatsBucket, NatsEntry } from './bucket.ts';
export type { ClaimState, DeduplicateStore } from '../proxy/deduplicate-store.ts';
