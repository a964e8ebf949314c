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
  /** Events of this tab are captured, and not stored yet. */
  captured(event: OutboxEvent): void;
  /** Something is stored: it goes out soon, but not sooner than a flush interval after what went out last. */
  wake(): void;
  /** Another tab has seen to these. */
  settled(ids: readonly string[]): void;
  /** Sends all there is, unless the proxy has asked to be left alone. Resolves when no more can be done at once. */
  flush(): Promise<void>;
  /** Whether a request is under way. */
  busy(): boolean;
  /** Whether this tab knows that an event of another one was settled, lately. */
  hasSettled(id: string): boolean;
  /** The last events of this tab, as far as nobody has settled them. */
  unsettled(): readonly OutboxEvent[];
  /**
   * The page may be gone after this call: sends what is not sent yet, beyond its end.
   * @param stays the page lives on for sure, and sees to the answer, whoever else may send
   * @param led whether this is the tab that sends; a page that has let the lock go knows what it was
   */
  leaving(unsaved: readonly OutboxEvent[], stays?: boolean, led?: boolean): void;
  /**
   * These are on their way with a page that has gone: they are not sent until they are let go by the function that this
   * returns.
   */
  hold(events: readonly WaitingEvent[]): () => void;
  /** The answer to a page that has gone has said that these arrived. */
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
  /** How long a first event waits for others, and for its page to be left. */
  readonly gatherMs: number;
  random(): number;
  /** Whether this tab may send. */
  leads(): boolean;
  /** Whether another tab takes over when this one is gone. */
  hasHeir(): boolean;
  readonly outbox: Pick<Outbox, 'ledger' | 'oldest' | 'settle'>;
  /** Whether this browser ever had an answer from the proxy, and for how long that wants to be left alone. */
  readonly proxyMemory: Omit<ProxyMemory, 'isNews'>;
  /** Names of requests that may outlive the page; undefined where no answer can leave one. */
  readonly acknowledgements: Acknowledgements | undefined;
  /** Finds out what an answer means that is no delivery: few pages need it, and load it then. */
  diagnosis(needs: DiagnosisNeeds, actions: DiagnosisActions): Promise<Diagnosis>;
  tell<Name extends Told>(name: Name, payload: AnalyticsEvents[Name]): void;
  fail(code: SdkErrorCode, message: string): void;
  onUnauthorized(): void;
}
