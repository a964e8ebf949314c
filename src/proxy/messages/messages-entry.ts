export { createMessagesHandler } from './messages-handler.ts';
export { createFrameHandler } from './frame/frame-handler.ts';
