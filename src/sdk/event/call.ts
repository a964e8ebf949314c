import type { EventType } from '../../protocol/wire.ts';
import type { Snapshot } from './snapshot.ts';

/** The six methods that make an event: each makes the type of event that has its name. */
export type EventMethod = EventType;

/** A call of the application, as the application made it. */
export interface Call {
  /** The `messageId` of the event. */
  readonly id: string;
  readonly method: EventMethod;
  /** A copy of the arguments that JSON can hold; callbacks are still functions. */
  readonly args: readonly unknown[];
  readonly snapshot: Snapshot;
}
