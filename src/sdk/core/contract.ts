import type { EventCounter } from '../outbox/stats.ts';
import type { Call, Wrapped } from '../customerio/wrapped.ts';
import type { SdkErrorCode } from '../../protocol/errors.ts';
import type { AnalyticsEvents, Categories, DropReason, EventName } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { Ledger } from '../outbox/contract.ts';
import type { StorageKind } from '../outbox/fallback.ts';
import type { LazyPrivate } from '../private/lazy-private.ts';

/** All that exists only while the visitor agrees, in the order in which an event passes through it. */
export interface Core {
  readonly wrapped: Wrapped;
  run(call: Call): void;
  setAnonymousId(id?: string): string | null | undefined;
  anonymize(): void;
  /** Says whether this tab is the one that sends. */
  flush(): Promise<boolean>;
  readonly personal: LazyPrivate;
  /** Whether the visitor's choices are others than the last ones, whose place they take. */
  isNews(choices: string): boolean;
  ledger(): Ledger;
  /** Stops every timer, listener and lock; what is stored stays. */
  stop(): void;
  /** Stops, and deletes all that was ever stored. Answers the events that are gone with it. */
  wipe(): Promise<readonly string[]>;
}

export interface CoreNeeds {
  readonly settings: AnalyticsSettings;
  /** Of this page: the first part of every id that it gives. */
  readonly page: string;
  readonly version: string;
  readonly eventCounter: EventCounter;
  /** What an earlier core has stored is deleted. */
  readonly ready: Promise<unknown> | undefined;
  newCall(): Pick<Call, 'id' | 'snapshot'>;
  /** Which of the visitor's choices are on; empty where that is not known. */
  categories(): Categories;
  emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void;
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
  /** Events of the wrapped SDK. */
  tell(name: string, args: readonly unknown[]): void;
  /** It is stored, or in memory, or gone with the visitor's consent. */
  kept(id: string, where: StorageKind | undefined): void;
  drop(id: string, reason: DropReason): void;
  /** Another tab was told that the visitor no longer agrees. */
  onDenied(): void;
}
