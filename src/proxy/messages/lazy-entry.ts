export { createMessagesHandler } from './messages-handler.ts';
