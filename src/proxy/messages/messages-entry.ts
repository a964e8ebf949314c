export { createMessagesHandler } from './messages-handler.ts';
export { createStreamHandler } from './stream/stream-handler.ts';
export { createFrameHandler } from './frame/frame-handler.ts';
export { createBatchMetrics } from './batch-metrics.ts';
export { createInboxReader } from './inbox-reader.ts';
