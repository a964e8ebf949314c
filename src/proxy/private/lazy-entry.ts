export { createPrivateHandler } from './private-handler.ts';
