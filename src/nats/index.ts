export { forwardFromNats } from './forward.ts';
export { toNats } from './publish.ts';
export type { ForwardFromNatsOptions, NatsConsumer, NatsForwarding, NatsMessage } from './forward.ts';
export type { NatsPublisher, ToNatsOptions } from './publish.ts';
