/** The sender as a file of its own, for the entry `official`. `createAnalytics` has it in its first load. */
export { assembleSender as create } from './assemble-sender.ts';
