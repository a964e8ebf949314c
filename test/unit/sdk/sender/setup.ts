import type { AnalyticsEvents, DropReason } from '../../../../src/sdk/events.ts';
import type { BatchLimits, Ledger, OutboxEvent } from '../../../../src/sdk/outbox/contract.ts';
import { SdkError } from '../../../../src/protocol/errors.ts';
import { createMemoryOutboxStore } from '../../../../src/sdk/outbox/memory-store.ts';
import type { Sender } from '../../../../src/sdk/sender/contract.ts';
import { createDiagnosis } from '../../../../src/sdk/sender/diagnosis.ts';
import { createSender } from '../../../../src/sdk/sender/sender.ts';
import type { Transport } from '../../../../src/sdk/sender/transport.ts';
import { type FakeClock, fakeClock, settled } from '../../../fakes/clock.ts';
import { type FakeLifecycle, fakeLifecycle } from '../../../fakes/lifecycle.ts';
import { type FakeTransport, fakeTransport } from '../../../fakes/transport.ts';

type Told = {
  [Name in keyof AnalyticsEvents]: { readonly name: Name; readonly payload: AnalyticsEvents[Name] };
}['delivered' | 'retrying' | 'dropped' | 'blocked'];

export interface Bench {
  readonly sender: Sender;
  /** Closes the SDK. */
  stop(): void;
  readonly clock: FakeClock;
  readonly lifecycle: FakeLifecycle;
  readonly transport: FakeTransport;
  /** Everything that the sender has reported. */
  readonly told: readonly Told[];
  delivered(): readonly string[];
  dropped(): Readonly<Record<string, DropReason>>;
  ledger(): Ledger;
  /** Stores the events, as another tab would. */
  store(events: readonly OutboxEvent[]): Promise<void>;
  /** Captures events, stores them in this tab, and wakes the sender. */
  track(events: readonly OutboxEvent[]): Promise<void>;
  /** The number of batches that were requested from the outbox. */
  reads(): number;
  unauthorized(): number;
  /** The errors that were reported. */
  readonly errors: readonly SdkError[];
  /** The last record for the next page. */
  noted(): ReadonlyMap<string, readonly string[]> | undefined;
  /** The request names that responses have left in cookies. */
  readonly cookies: Set<string>;
  lead(leads: boolean): void;
  /** Sets whether another tab is ready to take over. */
  inherit(heir: boolean): void;
  /** Delays the results of all further reads until the returned function is called. */
  holdReads(): () => void;
  /** Counts events that cannot be read, as after a failure of IndexedDB. */
  countUnreadable(count: number): void;
  /** The time until which the proxy wants a pause, which all pages of this browser share. */
  quiet(): number | undefined;
}

export interface BenchOptions {
  readonly batch?: BatchLimits;
  readonly flushIntervalMs?: number;
  readonly random?: () => number;
  readonly answered?: boolean;
  /** The pause in milliseconds that the proxy has asked of another page. */
  readonly quietMs?: number;
  /** localStorage refuses writes: pages share neither the pause nor the requests in flight. */
  readonly keepsNothing?: boolean;
  readonly gatherMs?: number;
  /** The page and the proxy have the same origin. */
  readonly isSameOrigin?: boolean;
  /** The file that diagnoses a refusal cannot be loaded. */
  readonly hasNoDiagnosis?: boolean;
  readonly clock?: FakeClock;
  /** The transport to use instead of the fake one. */
  readonly transport?: Transport;
}

export const ENDPOINT = { url: 'https://shop.example.com/e/v1/batch', secret: 'client-api-key-web' };

// A limit that makes the test fail when the sender reads without end.
const MOST_READS = 20_000;

/** A sender with a real store in memory; the test controls everything around it. */
export function bench(options: BenchOptions = {}): Bench {
  const {
    batch = { maxEvents: 100, maxBytes: 475_000 },
    flushIntervalMs = 1_000,
    random = () => 1,
    gatherMs = 0,
  } = options;
  const errors: SdkError[] = [];
  const cookies = new Set<string>();
  let noted: Map<string, readonly string[]> | undefined;
  let names = 0;
  const clock = options.clock ?? fakeClock();
  const lifecycle = fakeLifecycle();
  const transport = fakeTransport(clock);
  const limits = { maxEvents: 10_000, maxBytes: 10 * 1024 * 1024, maxAgeMs: 7 * 86_400_000 };
  const empty: Ledger = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };
  const outbox = createMemoryOutboxStore(empty, limits);
  const told: Told[] = [];
  let ledger = empty;
  let unreadable = 0;
  let heir = false;
  let readable: Promise<void> | undefined;
  let answered = options.answered ?? true;
  let quietUntil = options.quietMs === undefined ? undefined : clock.now() + options.quietMs;
  let leads = true;
  let reads = 0;
  let unauthorized = 0;

  const closing = new AbortController();
  const sender = createSender({
    clock,
    ending: closing.signal,
    lifecycle,
    transport: options.transport ?? transport,
    batch,
    flushIntervalMs,
    gatherMs,
    random,
    acknowledgements: options.isSameOrigin
      ? {
          begin(ids) {
            if (options.keepsNothing) return undefined;
            const name = `name${(names += 1)}`;
            noted = new Map([...(noted ?? []), [name, ids]]);
            return name;
          },
          end(name) {
            noted?.delete(name);
            cookies.delete(name);
          },
          take: (name = '') => cookies.delete(name),
        }
      : undefined,
    async diagnosis(needs, actions) {
      if (options.hasNoDiagnosis) throw new TypeError('Failed to fetch');
      return createDiagnosis(needs, actions, ENDPOINT);
    },
    fail: (code, message) => void errors.push(new SdkError(code, message)),
    leads: () => leads,
    hasHeir: () => heir,
    outbox: {
      ledger: () => ({ ...ledger, pending: ledger.pending + unreadable }),
      async oldest(wanted) {
        reads += 1;
        if (reads > MOST_READS) return new Promise(() => {});
        const answer = await outbox.oldest(wanted, clock.now());
        await readable;
        ledger = answer.ledger;
        return answer.events;
      },
      async settle(events, as) {
        ledger = await outbox.settle(events, as);
      },
    },
    proxyMemory: {
      get: () => answered,
      set: () => void (answered = true),
      quietMs: () => (quietUntil ?? 0) - clock.now(),
      setQuiet(delayMs) {
        if (!options.keepsNothing) quietUntil = clock.now() + delayMs;
      },
    },
    // the type of `tell` ensures that name and payload belong together
    tell: (name, payload) => void told.push({ name, payload } as Told),
    onUnauthorized: () => void (unauthorized += 1),
  });

  async function store(events: readonly OutboxEvent[]): Promise<void> {
    ({ ledger } = await outbox.append(events, clock.now()));
  }

  return {
    sender,
    stop: () => closing.abort(),
    clock,
    lifecycle,
    transport,
    told,
    delivered: () => told.flatMap((each) => (each.name === 'delivered' ? each.payload.ids : [])),
    dropped: () =>
      Object.fromEntries(
        told.flatMap((each) => (each.name === 'dropped' ? [[each.payload.id, each.payload.reason]] : [])),
      ),
    ledger: () => ledger,
    store,
    async track(events) {
      for (const event of events) sender.captured(event);
      await store(events);
      sender.wake();
      await settled();
    },
    reads: () => reads,
    unauthorized: () => unauthorized,
    errors,
    noted: () => noted,
    cookies,
    lead: (now) => void (leads = now),
    inherit: (now) => void (heir = now),
    holdReads() {
      let letGo = (): void => undefined;
      readable = new Promise((resolve) => {
        letGo = () => {
          readable = undefined;
          resolve();
        };
      });
      return letGo;
    },
    countUnreadable: (count) => void (unreadable = count),
    quiet: () => quietUntil,
  };
}

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;
