import type { Clock, Lifecycle } from '../browser.ts';
import type { SdkErrorCode } from '../../protocol/errors.ts';
import type { AnalyticsEvents } from '../events.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { ProxyMemory } from './proxy-memory.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import type { Diagnosis, DiagnosisActions, DiagnosisNeeds } from './diagnosis.ts';
import type { Transport } from './transport.ts';

/** Empties the outbox, one request at a time, for as long as this tab leads. */
export interface Sender {
  /** Takes note of an event of this tab that is not stored yet. */
  captured(event: OutboxEvent): void;
  /** An event was stored. The next batch is planned, not sooner than a flush interval after the last one. */
  wake(): void;
  /** Another tab has delivered or dropped these events. */
  settled(ids: readonly string[]): void;
  /** Sends all events, unless the proxy has asked for a pause. Resolves when nothing more can be sent at once. */
  flush(): Promise<void>;
  /** Whether a request is in flight. */
  busy(): boolean;
  /** Whether this tab knows that an event of another tab was delivered or dropped, among the last ones. */
  hasSettled(id: string): boolean;
  /** The last events of this tab that are neither delivered nor dropped. */
  unsettled(): readonly OutboxEvent[];
  /**
   * Sends the events that are not sent yet with a request that outlives the page, which may be gone after this call.
   * @param stays the page certainly lives on and gets the answer, so that it may send beside other tabs
   * @param led whether this tab is the leader, or was until it let go of the lock
   */
  leaving(unsaved: readonly OutboxEvent[], stays?: boolean, led?: boolean): void;
  /**
   * Keeps events from being sent that are on their way with a page that has gone, until the returned function is called.
   */
  hold(events: readonly WaitingEvent[]): () => void;
  /** Counts these as delivered: the answer to a page that has gone says so. */
  acknowledge(events: readonly WaitingEvent[]): Promise<void>;
}

type Told = 'delivered' | 'retrying' | 'dropped' | 'blocked';

export interface SenderNeeds {
  readonly clock: Clock;
  /** Aborts when the SDK is closed or consent is withdrawn: no request begins after that, and the one in flight is cut off. */
  readonly ending: AbortSignal;
  readonly lifecycle: Lifecycle;
  readonly transport: Transport;
  readonly batch: BatchLimits;
  readonly flushIntervalMs: number;
  /** How long the first event waits for others, and for its page to be left, in milliseconds. */
  readonly gatherMs: number;
  random(): number;
  /** Whether this tab is the leader. */
  leads(): boolean;
  /** Whether another tab stands in line to become the leader. */
  hasHeir(): boolean;
  readonly outbox: Pick<Outbox, 'ledger' | 'oldest' | 'settle'>;
  /** Facts that earlier answers of the proxy have shown, and the pause that the proxy has asked for. */
  readonly proxyMemory: ProxyMemory;
  /** Names for requests that may outlive the page; `undefined` where answers cannot set a cookie for this origin. */
  readonly acknowledgements: Acknowledgements | undefined;
  /** Loads what finds out the meaning of an answer that is no delivery. Few pages need it. */
  diagnosis(needs: DiagnosisNeeds, actions: DiagnosisActions): Promise<Diagnosis>;
  tell<Name extends Told>(name: Name, payload: AnalyticsEvents[Name]): void;
  fail(code: SdkErrorCode, message: string): void;
  onUnauthorized(status: number): void;
}
