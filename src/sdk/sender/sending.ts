import { createSender } from './sender.ts';
import { createTransport } from './transport.ts';

/** The two functions that make the sending half of a core. */
export interface Sending {
  readonly createSender: typeof createSender;
  readonly createTransport: typeof createTransport;
}

/** The sending half as a file of its own, for the entry `official`. `createAnalytics` has it in its first load. */
export const create = (): Sending => ({ createSender, createTransport });
