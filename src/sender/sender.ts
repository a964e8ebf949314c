import type { DropReason } from '../events.ts';
import type { OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Sender, SenderNeeds } from './contract.ts';
import { BUSY, type Outcome } from './outcome.ts';
import { createRecent } from './recent.ts';
import { CAP_MS, retryDelayMs, SLOW_BASE_MS, SUSPECT_AFTER } from './retry.ts';

type Failure = Extract<Outcome, { kind: 'busy' | 'unanswered' }>;

/** A crash may have had another cause; one that follows the same event so often has not. */
const CRASHES = 3;

export function createSender(needs: SenderNeeds): Sender {
  const { clock, transport, outbox, tell, remembered } = needs;
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
  // Things have changed for the better since the request that is under way began.
  let hopeful = false;
  // Of so many of the oldest events one may be what the server cannot take: they go in batches of at most `narrow`, halved
  // until it is alone, so that it does not hold up the rest.
  let suspects = 0;
  let narrow = 0;
  let crashes = 0;
  let crashed = '';

  function arm(delayMs: number): void {
    timer?.();
    timer = clock.after(delayMs, () => {
      // Any timer that runs while it waits ends with the wait, whatever a clock that was set back may say.
      timer = wait = undefined;
      drain();
    });
  }

  /** Answers how long it is. */
  function hold(givenMs: number, asked = false): number {
    const delayMs = hopeful && !asked ? Math.min(givenMs, retryDelayMs(1, needs.random())) : givenMs;
    wait = { untilMs: clock.now() + delayMs, asked };
    if (asked) remembered.setQuiet(delayMs);
    arm(delayMs);
    return delayMs;
  }

  const stops = (['online', 'show'] as const).map((moment) =>
    needs.lifecycle.on(moment, () => {
      if (wait?.asked) return;
      // A request that is under way may have begun before.
      hopeful = draining !== undefined;
      wait = undefined;
      drain();
    }),
  );

  function drain(): void {
    if (stopped || draining || !needs.leads()) return;
    const quietMs = remembered.quietMs();
    if (!wait && quietMs > 0) wait = { untilMs: clock.now() + quietMs, asked: true };
    const waitMs = wait ? wait.untilMs - clock.now() : 0;
    if (waitMs > 0) {
      if (!timer) arm(waitMs);
      return;
    }
    wait = undefined;
    hopeful = false;
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
      if (outage) {
        const probe = await send([]);
        if (stopped) return;
        if (!isAlive(probe)) {
          const askedMs = askedFor(probe);
          hold(
            askedMs ?? (blocked ? CAP_MS : retryDelayMs(++failures, needs.random())),
            askedMs !== undefined,
          );
          return;
        }
      }
      outage = blocked = false;
      const waiting = await outbox.oldest(suspects ? { ...limits, maxEvents: narrow } : limits);
      // It may have been handed over while they were read, or another request, of this page or of any, was answered "later".
      if (wait || remembered.quietMs() > 0 || !needs.leads()) return;
      const events = waiting.filter(({ id }) => !inFlight.has(id));
      if (!events.length) {
        // All of it is on its way with a page that was leaving.
        if (waiting.length) arm(needs.flushIntervalMs);
        return;
      }
      attempts++;
      sentAtMs = clock.now();
      const outcome = await send(events);
      if (stopped) return;
      await conclude(events, outcome);
      landed(events);
      // A batch that is not full was all there was.
      if (!suspects && outcome.kind === 'delivered' && !isFull(waiting)) return;
    }
  }

  const isFull = (events: readonly OutboxEvent[]): boolean =>
    events.length >= limits.maxEvents || bytesOf(events) * 2 > limits.maxBytes;

  /** They are in flight until `landed`: an event that is read again before it is settled must not go out again. */
  async function send(events: readonly OutboxEvent[], leaving = false): Promise<Outcome> {
    for (const { id } of events) inFlight.add(id);
    // One that was just being written as its page went may be there twice.
    const jsons = new Map(events.map(({ id, json }) => [id, json]));
    const outcome = await transport.send([...jsons.values()], leaving);
    if (outcome.kind !== 'unanswered' && outcome.kind !== 'aborted') remembered.set('answered', true);
    return outcome;
  }

  function landed(events: readonly OutboxEvent[]): void {
    for (const { id } of events) inFlight.delete(id);
  }

  /** Whether the proxy answers a request without events: no event can be the reason if it does not. */
  const isAlive = ({ kind }: Outcome): boolean => kind === 'delivered' || kind === 'rejected';

  const askedFor = (outcome: Outcome): number | undefined =>
    outcome.kind === 'busy' ? outcome.afterMs : undefined;

  async function conclude(events: readonly WaitingEvent[], outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'delivered':
        await delivered(events, attempts, outcome);
        acquit(events.length);
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

  async function delivered(
    events: readonly WaitingEvent[],
    took: number,
    { refused = [] }: { readonly refused?: readonly string[] },
  ): Promise<void> {
    const arrived = events.filter(({ id }) => !refused.includes(id));
    await forget(arrived, 'delivered');
    if (arrived[0]) tell('delivered', { ids: arrived.map(({ id }) => id), attempts: took });
    for (const event of events) if (!arrived.includes(event)) await drop(event, 'rejected', 200);
  }

  async function drop(event: WaitingEvent, reason: 'rejected' | 'too-large', status: number): Promise<void> {
    await forget([event], reason);
    tell('dropped', { id: event.id, reason, status });
  }

  async function failed(events: readonly WaitingEvent[], outcome: Failure): Promise<void> {
    failures++;
    const { status } = outcome;
    const online = needs.lifecycle.online();
    let askedMs = askedFor(outcome);
    const suspect = suspects > 0 || failures >= SUSPECT_AFTER;
    // "Not now", said in so many words, is no reason to suspect an event.
    if (askedMs === undefined && suspect && online && status !== 503 && !BUSY.has(status)) {
      const probe = await send([]);
      askedMs = askedFor(probe);
      if (isAlive(probe)) {
        await divide(events, false, status, 'rejected');
        return later(events, retryDelayMs(1, needs.random()), status);
      }
      outage = true;
      // It has never worked in this browser, and the network is there.
      blocked = outcome.kind === 'unanswered' && !remembered.get('answered');
      if (blocked) tell('blocked', { failures });
    }
    const delayMs = askedMs ?? (blocked ? CAP_MS : retryDelayMs(failures, needs.random()));
    return later(events, delayMs, status, askedMs !== undefined);
  }

  /** Keeps the events, and tells when they are sent again. */
  function later(events: readonly OutboxEvent[], delayMs: number, status: number, asked = false): void {
    if (stopped) return;
    const ids = events.map(({ id }) => id);
    tell('retrying', { ids, attempt: attempts, delayMs: hold(delayMs, asked), status });
  }

  async function divide(
    events: readonly WaitingEvent[],
    refused: boolean,
    status: number,
    reason: 'rejected' | 'too-large',
  ): Promise<void> {
    const [poison] = events;
    if (events.length > 1) {
      suspects ||= events.length;
      narrow = Math.ceil(events.length / 2);
    } else if (poison) {
      crashes = crashed === poison.id ? crashes + 1 : 1;
      crashed = poison.id;
      if (!refused && crashes < CRASHES) return;
      attempts = 0;
      acquit(1);
      await drop(poison, reason, status);
    }
  }

  /** So many of the suspects are seen to. */
  function acquit(count: number): void {
    suspects = Math.max(0, suspects - count);
    narrow = Math.min(narrow * 2, suspects);
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
    if (outcome.kind === 'delivered') await delivered(events, 1, outcome);
    landed(events);
    const askedMs = askedFor(outcome);
    if (askedMs === undefined) soon();
    else hold(askedMs, true);
  }

  return {
    captured: recent.add,
    wake: soon,
    settled: recent.remove,
    busy: () => inFlight.size > 0,
    hasSettled: recent.wasOthers,
    unsettled: recent.all,
    async flush() {
      await draining; // it may have looked before the last event was stored, or failed before things were better
      if (wait && !wait.asked) wait = undefined;
      let before: number;
      do {
        before = settledCount;
        drain();
        await draining;
      } while (settledCount > before && pending() > 0);
    },
    leaving(unsaved, stays) {
      // While it waits for the proxy, what is stored is better off with the next page than sent twice.
      if (stopped || wait || outage || remembered.quietMs() > 0) return;
      // Another tab lives on and sends what this one has stored, or saves in its lifeboat: both would be twice.
      if (!needs.leads() || (!stays && needs.hasHeir())) return;
      transport.hurry();
      let room = Math.min(transport.keepaliveRoom() - 100, limits.maxBytes); // the words around the events
      const fitting: WaitingEvent[] = [];
      for (const event of recent.with(unsaved)) {
        if (inFlight.has(event.id) || !transport.takes(event.json)) continue;
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
