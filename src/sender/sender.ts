import type { Clock, Lifecycle } from '../browser.ts';
import type { AnalyticsEvents, DropReason } from '../events.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { type Bisection, createBisection } from './bisection.ts';
import type { Outcome } from './outcome.ts';
import { createRecent } from './recent.ts';
import { CAP_MS, retryDelayMs, SLOW_BASE_MS, SUSPECT_AFTER } from './retry.ts';
import type { Transport } from './transport.ts';

/** Empties the outbox, one request at a time, for as long as this tab leads. */
export interface Sender {
  /** Events of this tab are captured, and not stored yet. */
  captured(event: OutboxEvent): void;
  /** Something is stored: it goes out at once, but not sooner than a flush interval after what went out last. */
  wake(): void;
  /** Another tab has seen to these. */
  settled(ids: readonly string[]): void;
  /** Sends all there is, unless the proxy has asked to be left alone. Resolves when no more can be done at once. */
  flush(): Promise<void>;
  /** The page may be gone after this call: sends what is not sent yet, beyond its end. */
  leaving(unsaved: readonly OutboxEvent[]): void;
  stop(): void;
}

type Told = 'delivered' | 'retrying' | 'dropped' | 'blocked';

export interface SenderNeeds {
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly transport: Transport;
  readonly batch: BatchLimits;
  readonly flushIntervalMs: number;
  random(): number;
  /** Whether this tab may send. */
  leads(): boolean;
  /** Whether another tab takes over when this one is gone. */
  hasHeir(): boolean;
  readonly outbox: Pick<Outbox, 'ledger' | 'oldest' | 'settle'>;
  /** Whether this browser ever had an answer from the proxy. */
  readonly answered: { get(): boolean; set(): unknown };
  tell<Name extends Told>(name: Name, payload: AnalyticsEvents[Name]): void;
  onUnauthorized(): void;
}

type Failure = Extract<Outcome, { kind: 'busy' | 'unanswered' }>;

/** "Not now", said in so many words, is no reason to suspect an event. */
const NOT_NOW = new Set([408, 425, 429, 503]);

export function createSender(needs: SenderNeeds): Sender {
  const { clock, transport, outbox, tell, answered } = needs;
  const pending = (): number => outbox.ledger().pending;
  const recent = createRecent();
  const inFlight = new Set<string>();
  let limits = needs.batch;
  let timer: (() => void) | undefined;
  let draining: Promise<void> | undefined;
  let stopped = false;
  // Not before `untilMs`. `asked` by the proxy itself; other waits end with any sign that things are different now.
  let wait: { readonly untilMs: number; readonly asked: boolean } | undefined;
  let failures = 0;
  let attempts = 0;
  let settledCount = 0;
  let sentAtMs = 0;
  // The proxy did not even answer a request without events; until it does, nothing else is sent.
  let outage = false;
  let blocked = false;
  let bisection: Bisection<WaitingEvent> | undefined;

  function arm(delayMs: number): void {
    timer?.();
    timer = clock.after(delayMs, () => {
      // Any timer that runs while it waits ends with the wait, whatever a clock that was set back may say.
      timer = wait = undefined;
      drain();
    });
  }

  function hold(delayMs: number, asked = false): void {
    wait = { untilMs: clock.now() + delayMs, asked };
    arm(delayMs);
  }

  const stops = (['online', 'show'] as const).map((moment) =>
    needs.lifecycle.on(moment, () => {
      if (!wait || wait.asked) return;
      wait = undefined;
      drain();
    }),
  );

  function drain(): void {
    if (stopped || draining || !needs.leads()) return;
    const waitMs = wait ? wait.untilMs - clock.now() : 0;
    if (waitMs > 0) {
      if (!timer) arm(waitMs);
      return;
    }
    wait = undefined;
    timer?.();
    timer = undefined;
    draining = run().finally(() => {
      draining = undefined;
      // What was stored meanwhile; not what `pending` also counts, in a store that this page cannot read.
      if (!timer && outbox.ledger().bytes > 0) soon();
    });
  }

  /** A lone event need not wait, and is answered before a slow navigation ends the page; a busy page makes batches. */
  function soon(): void {
    if (stopped || draining || !needs.leads()) return;
    const sinceMs = clock.now() - sentAtMs;
    // A clock that was set back is no reason to wait for it.
    const delayMs = sinceMs < 0 ? 0 : needs.flushIntervalMs - sinceMs;
    if (delayMs <= 0 || pending() >= limits.maxEvents) drain();
    else if (!timer) arm(delayMs);
  }

  async function run(): Promise<void> {
    while (!stopped && !wait && needs.leads()) {
      if (outage && !(await isAlive())) {
        if (!stopped) hold(blocked ? CAP_MS : retryDelayMs(++failures, needs.random()));
        return;
      }
      outage = blocked = false;
      const waiting = bisection ? bisection.next() : await outbox.oldest(limits);
      const events = waiting.filter(({ id }) => !inFlight.has(id));
      if (!events.length) {
        if (!bisection) {
          // All of it is on its way with a page that was leaving.
          if (waiting.length) arm(needs.flushIntervalMs);
          return;
        }
        bisection = undefined;
        continue;
      }
      attempts++;
      sentAtMs = clock.now();
      const outcome = await send(events);
      if (stopped) return;
      await conclude(events, outcome);
      landed(events);
      // A batch that is not full was all there was.
      if (!bisection && outcome.kind === 'delivered' && !isFull(waiting)) return;
    }
  }

  const isFull = (events: readonly OutboxEvent[]): boolean =>
    events.length >= limits.maxEvents || bytesOf(events) * 2 > limits.maxBytes;

  /** They are in flight until `landed`: an event that is read again before it is settled must not go out again. */
  async function send(events: readonly OutboxEvent[], leaving = false): Promise<Outcome> {
    for (const { id } of events) inFlight.add(id);
    const jsons = events.map(({ json }) => json);
    const outcome = await transport.send(jsons, leaving);
    if (outcome.kind !== 'unanswered' && outcome.kind !== 'aborted') answered.set();
    return outcome;
  }

  function landed(events: readonly OutboxEvent[]): void {
    for (const { id } of events) inFlight.delete(id);
  }

  /** Whether the proxy answers at all: asked with no events, so that no event can be the reason if it does not. */
  async function isAlive(): Promise<boolean> {
    const { kind } = await send([]);
    return kind === 'delivered' || kind === 'rejected';
  }

  async function conclude(events: readonly WaitingEvent[], outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'delivered':
        bisection?.passed();
        await delivered(events, attempts);
        failures = attempts = 0;
        return undefined;
      case 'rejected':
      case 'too-large':
        failures = 0;
        // The proxy takes less than we thought; remembered for as long as the page lives.
        if (outcome.kind === 'too-large' && events.length > 1) {
          limits = { ...limits, maxBytes: Math.ceil(Math.min(limits.maxBytes, bytesOf(events)) / 2) };
        }
        return divide(events, true, outcome.status, outcome.kind);
      case 'unreadable':
        return undefined; // the transport goes on in plain, at once
      case 'unauthorized':
        needs.onUnauthorized();
        return later(events, retryDelayMs(++failures, 1, SLOW_BASE_MS), outcome.status);
      case 'busy':
      case 'unanswered':
        return failed(events, outcome);
      case 'aborted':
    }
  }

  async function delivered(events: readonly WaitingEvent[], took: number): Promise<void> {
    await forget(events, 'delivered');
    tell('delivered', { ids: events.map(({ id }) => id), attempts: took });
  }

  async function failed(events: readonly WaitingEvent[], outcome: Failure): Promise<void> {
    failures++;
    const { status } = outcome;
    const online = needs.lifecycle.online();
    const afterMs = outcome.kind === 'busy' ? outcome.afterMs : undefined;
    if (afterMs !== undefined) return later(events, afterMs, status, true);
    const suspect = bisection !== undefined || failures >= SUSPECT_AFTER;
    if (suspect && online && !NOT_NOW.has(status)) {
      if (await isAlive()) {
        await divide(events, false, status, 'rejected');
        return later(events, retryDelayMs(1, needs.random()), status);
      }
      outage = true;
      // It has never worked in this browser, and the network is there.
      blocked = outcome.kind === 'unanswered' && !answered.get();
      if (blocked) tell('blocked', { failures });
    }
    return later(events, blocked ? CAP_MS : retryDelayMs(failures, needs.random()), status);
  }

  /** Keeps the events, and tells when they are sent again. */
  function later(events: readonly OutboxEvent[], delayMs: number, status: number, asked = false): void {
    if (stopped) return;
    hold(delayMs, asked);
    tell('retrying', { ids: events.map(({ id }) => id), attempt: attempts, delayMs, status });
  }

  async function divide(
    events: readonly WaitingEvent[],
    refused: boolean,
    status: number,
    reason: 'rejected' | 'too-large',
  ): Promise<void> {
    bisection ??= createBisection(events);
    const poison = bisection.failed(refused);
    if (!poison) return;
    attempts = 0;
    await forget([poison], reason);
    tell('dropped', { id: poison.id, reason, status });
  }

  async function forget(events: readonly WaitingEvent[], as: 'delivered' | DropReason): Promise<void> {
    settledCount += events.length;
    recent.remove(events.map(({ id }) => id));
    await outbox.settle(events, as);
  }

  async function farewell(events: readonly WaitingEvent[]): Promise<void> {
    const outcome = await send(events, true);
    // Only a page that lives on comes here.
    if (stopped) return;
    if (outcome.kind === 'delivered') await delivered(events, 1);
    landed(events);
    if (outcome.kind === 'busy' && outcome.afterMs !== undefined)
      later(events, outcome.afterMs, outcome.status, true);
    else soon();
  }

  return {
    captured: (event) => recent.add(event),
    wake: soon,
    settled: (ids) => recent.remove(ids),
    async flush() {
      if (wait && !wait.asked) wait = undefined;
      await draining; // it may have looked before the last event was stored
      let before: number;
      do {
        before = settledCount;
        drain();
        await draining;
      } while (settledCount > before && pending() > 0);
    },
    leaving(unsaved) {
      // While it waits for the proxy, what is stored is better off with the next page than sent twice.
      if (stopped || wait || outage) return;
      // Another tab lives on and sends what this one has stored, or saves in its lifeboat: both would be twice.
      if (!needs.leads() || needs.hasHeir()) return;
      let room = transport.keepaliveRoom() - 100; // the words around the events
      const fitting: WaitingEvent[] = [];
      for (const event of recent.with(unsaved)) {
        if (inFlight.has(event.id)) continue;
        if (fitting.length >= limits.maxEvents || (room -= event.bytes + 1) < 0) break;
        fitting.push({ ...event, place: 0 });
      }
      if (!fitting.length) return;
      void farewell(fitting);
    },
    stop() {
      stopped = true;
      timer?.();
      for (const stop of stops) stop();
      transport.abort();
    },
  };
}

const bytesOf = (events: readonly OutboxEvent[]): number =>
  events.reduce((total, event) => total + event.bytes + 1, 0);
