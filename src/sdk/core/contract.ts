import type { EventCounter } from '../outbox/stats.ts';
import type { Visitor } from '../identity/visitor.ts';
import type { Call, Wrapped } from '../customerio/wrapped.ts';
import type { SdkErrorCode } from '../../protocol/errors.ts';
import type { AnalyticsEvents, Categories, DropReason, EventName } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { Ledger } from '../outbox/contract.ts';
import type { StorageKind } from '../outbox/fallback.ts';
import type { LazyPrivate } from '../private/lazy-private.ts';
import type { PluginEvent } from '../event/draft-event.ts';
import type { IdentifiedVisitor, Tracker } from '../private/private-client.ts';

/** The part of the SDK that exists only while the visitor agrees. */
export interface Core {
  /** Resolves with whether this tab is the leader. */
  flush(): Promise<boolean>;
  readonly personal: LazyPrivate;
  ledger(): Ledger;
  /** Stops every timer, listener and lock; what is stored stays. */
  stop(): void;
  /** Stops, and deletes everything that was ever stored. Resolves with the ids of the events that were deleted. */
  wipe(): Promise<readonly string[]>;
}

export type ProducerVisitor = IdentifiedVisitor & Pick<Visitor, 'wipe'>;

/** The part of a core that knows the visitor, and makes the events. */
export interface Producer {
  readonly visitor: ProducerVisitor;
  readonly wrapped: Tracker & { idle(): Promise<unknown> };
}

/** The part of a core that stores and sends the events of a {@link Producer}. */
export interface Consumer {
  accept(id: string, draft: PluginEvent): void;
  /** To be called when the identity of the visitor has changed. */
  onIdentity(who: AnalyticsEvents['identity']): void;
  /** Emits an event of the wrapped SDK. */
  tell(name: string, args: readonly unknown[]): void;
  report(what: string, cause: unknown): void;
}

export type CreateProducer<P extends Producer> = (needs: CoreNeeds, consumer: Consumer) => P;

/** Makes the events of `createAnalytics` from its calls. */
export interface WrappedProducer extends Producer {
  readonly wrapped: Wrapped;
  readonly visitor: Visitor;
  run(call: Call): void;
  setAnonymousId(id?: string): string | null | undefined;
  anonymize(): void;
}

export type WrappedCore = Core & WrappedProducer;

export interface CoreNeeds {
  readonly settings: AnalyticsSettings;
  /** Name of the site: the beginning of its keys in localStorage, and the name of its database, channel and lock. */
  readonly scope: string;
  /** The id of this page. */
  readonly page: string;
  /** Whether this page has made the event with this id. */
  isOwn(id: string): boolean;
  readonly eventCounter: EventCounter;
  /** Resolves when the data of an earlier core is deleted. */
  readonly ready: Promise<unknown> | undefined;
  newCall(): Pick<Call, 'id' | 'snapshot'>;
  /** The visitor's choices, by category; empty when they are not known. */
  categories(): Categories;
  emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void;
  fail(code: SdkErrorCode, message: string, cause?: unknown): void;
  /** Emits an event of the wrapped SDK. */
  tell(name: string, args: readonly unknown[]): void;
  /** Called when an event is stored or in memory; `where` is `undefined` when it was deleted with the visitor's consent. */
  kept(id: string, where: StorageKind | undefined): void;
  drop(id: string, reason: DropReason): void;
  /** Called when consent was withdrawn in another tab. */
  onDenied(): void;
}
