export { createMessagesHandler } from './messages-handler.ts';
export { createStreamHandler } from './stream/stream-handler.ts';
export { createFrameHandler } from './frame/frame-handler.ts';
