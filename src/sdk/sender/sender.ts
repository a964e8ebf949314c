import type { DropReason } from '../events.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Sender, SenderNeeds } from './contract.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { Outcome } from './outcome.ts';
import { createRecentEvents } from './recent-events.ts';
import { ASK_AGAIN_AFTER, retryDelayMs, SLOW_BASE_MS, SUSPECT_AFTER } from './retry-timing.ts';

type Failure = Exclude<Outcome, { kind: 'delivered' | 'aborted' }>;

export function createSender(needs: SenderNeeds): Sender {
  const { acks, clock, transport, outbox, tell, remembered } = needs;
  const pending = (): number => outbox.ledger().pending;
  const limits = (): BatchLimits => diagnosis?.limits() ?? needs.batch;
  const recent = createRecentEvents();
  const inFlight = new Set<string>();
  let diagnosis: Diagnosis | undefined;
  let timer: (() => void) | undefined;
  let draining: Promise<void> | undefined;
  let stopped = false;
  // Nothing is sent before that; 0: nothing waits. `isAsked`: by the proxy itself; other waits end with any sign that things
  // are different now.
  let waitUntilMs = 0;
  let isAsked = false;
  // In a row.
  let failures = 0;
  let attempts = 0;
  let settledCount = 0;
  let sentAtMs = 0;
  // Once for each page: that nothing answers, or that what answers cannot be told apart.
  let isTold = false;

  function arm(delayMs: number): void {
    timer?.();
    timer = clock.after(delayMs, () => {
      // Any timer that runs while it waits ends with the wait, whatever a clock that was set back may say.
      timer = undefined;
      waitUntilMs = 0;
      drain();
    });
  }

  const stops = (['online', 'show'] as const).map((moment) =>
    needs.lifecycle.on(moment, () => {
      if (waitUntilMs && isAsked) return;
      waitUntilMs = failures = 0;
      drain();
    }),
  );

  function drain(): void {
    if (stopped || draining || !needs.leads()) return;
    const quietMs = remembered.quietMs();
    if (!waitUntilMs && quietMs > 0) {
      waitUntilMs = clock.now() + quietMs;
      isAsked = true;
    }
    const waitMs = waitUntilMs && waitUntilMs - clock.now();
    if (waitMs > 0) {
      if (!timer) arm(waitMs);
      return;
    }
    waitUntilMs = 0;
    timer?.();
    timer = undefined;
    draining = run().finally(() => {
      draining = undefined;
      // What was stored meanwhile; not what `pending` also counts, in a store that this page cannot read.
      if (!timer && outbox.ledger().bytes > 0) soon(sinceSentMs());
    });
  }

  // A clock that was set is no reason to wait for it.
  const sinceSentMs = (): number => Math.abs(clock.now() - sentAtMs);

  /**
   * A first event waits for others, and for its page to be left, whose last request takes them; a busy page makes batches.
   * @param waitedMs so long what waits may have done so already
   */
  function soon(waitedMs = 0): void {
    if (stopped || draining || !needs.leads()) return;
    const delayMs = Math.max(needs.gatherMs - waitedMs, needs.flushIntervalMs - sinceSentMs());
    if (delayMs <= 0 || pending() >= limits().maxEvents) drain();
    else if (!timer) arm(delayMs);
  }

  async function run(): Promise<void> {
    while (!stopped && !waitUntilMs && needs.leads()) {
      if (diagnosis && !(await diagnosis.mayGo())) return;
      const waiting = await outbox.oldest(limits());
      // It may have been handed over while they were read, or another request, of this page or of any, was answered "later".
      if (waitUntilMs || remembered.quietMs() > 0 || !needs.leads()) return;
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
      // A batch that is not full was all there was.
      if (outcome.kind === 'delivered' && !diagnosis?.isNarrow() && !isFull(waiting)) return;
    }
  }

  const isFull = (events: readonly OutboxEvent[]): boolean =>
    events.length >= limits().maxEvents || bytesOf(events) * 2 > limits().maxBytes;

  /** They are in flight until it is concluded what has become of them: an event that is read meanwhile must not go out again. */
  async function send(events: readonly WaitingEvent[], leaving?: boolean): Promise<Outcome> {
    for (const { id } of events) inFlight.add(id);
    // One that was just being written as its page went may be there twice.
    const jsons = new Map(events.map(({ id, json }) => [id, json]));
    let name: string | false | undefined;
    let outcome = await transport.send([...jsons.values()], {
      leaving,
      // What is at fault shows in a body that everybody can read.
      plain: diagnosis?.isNarrow(),
      // Where another tab is open, this one may be closed at any time, and that one has to know.
      ack: (isLast) => (name ||= (isLast || needs.hasHeir()) && acks?.begin([...jsons.keys()])),
    });
    const isLost = outcome.kind === 'unanswered';
    // The browser may take the cookie, and still withhold the answer from a page that was away.
    if (name && isLost && acks?.take(name)) outcome = { kind: 'delivered' };
    if (!isLost && outcome.kind !== 'aborted') remembered.set('answered', true);
    if (!stopped) await conclude(events, outcome, leaving);
    // Not sooner: a page that is stopped before it has written down what it knows leaves that to the next one.
    if (name) acks?.end(name);
    landed(events);
    return outcome;
  }

  function landed(events: readonly OutboxEvent[]): void {
    for (const { id } of events) inFlight.delete(id);
  }

  const askedFor = (outcome: Outcome): number | undefined =>
    outcome.kind === 'busy' ? outcome.afterMs : undefined;

  async function conclude(
    events: readonly WaitingEvent[],
    outcome: Outcome,
    leaving?: boolean,
  ): Promise<void> {
    const { kind } = outcome;
    if (kind === 'delivered') await delivered(events, leaving ? 1 : attempts, outcome);
    if (leaving || kind === 'aborted') return undefined;
    if (kind === 'delivered') {
      diagnosis?.passed(events.length);
      failures = attempts = 0;
      return undefined;
    }
    if (!isUnclear(outcome)) return retry(events, outcome);
    // Where nothing answers it may not come either, and is not asked for each time.
    if (!diagnosis && (outcome.status || failures % ASK_AGAIN_AFTER < SUSPECT_AFTER))
      await loadDiagnosis(outcome);
    return diagnosis ? diagnosis.examine(events, outcome) : retry(events, outcome);
  }

  /** Whether waiting may not be enough. "Not now", said in so many words, is no reason to suspect an event. */
  function isUnclear(outcome: Failure): boolean {
    const { kind, status } = outcome;
    if (kind === 'rejected' || kind === 'foreign') return true;
    const isFailure = !status || (status >= 500 && status !== 503);
    const isSuspect = failures + 1 >= SUSPECT_AFTER || Boolean(diagnosis?.isNarrow());
    return isFailure && isSuspect && askedFor(outcome) === undefined && needs.lifecycle.online();
  }

  async function loadDiagnosis(outcome: Failure): Promise<void> {
    const loaded = needs.diagnosis({ ...needs, retry, later, drop, isOver: () => stopped }).then(
      (made) => void (diagnosis ??= made),
      () => {
        if ('body' in outcome && !isTold)
          needs.fail(
            outcome.kind === 'foreign' ? 'not-a-proxy' : 'endpoint-refuses',
            `The proxy answers ${outcome.status}`,
          );
        isTold = true;
      },
    );
    // Where nothing answers, the file may not come either.
    if (outcome.kind !== 'unanswered') await loaded;
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
    attempts = 0;
    await forget([event], reason);
    tell('dropped', { id: event.id, reason, status });
  }

  /** Keeps the events, and waits: for as long as the proxy asks, else longer from failure to failure. */
  function retry(events: readonly OutboxEvent[], outcome: Failure): void {
    failures++;
    const isUnauthorized = outcome.kind === 'unauthorized';
    if (isUnauthorized) needs.onUnauthorized();
    // It has never worked in this browser, and the network is there.
    if (
      outcome.kind === 'unanswered' &&
      failures >= SUSPECT_AFTER &&
      needs.lifecycle.online() &&
      !isTold &&
      !remembered.get('answered')
    ) {
      isTold = true;
      tell('blocked', { failures });
    }
    const askedMs = askedFor(outcome);
    const delayMs = isUnauthorized
      ? retryDelayMs(failures, 1, SLOW_BASE_MS)
      : retryDelayMs(failures, needs.random());
    later(events, askedMs ?? delayMs, outcome.status, askedMs !== undefined);
  }

  /** Keeps the events, and tells when they are sent again. */
  function later(
    events: readonly OutboxEvent[],
    delayMs: number,
    status: number,
    askedByProxy = false,
  ): void {
    if (stopped) return;
    const nowMs = clock.now();
    // A page that was hidden may have two requests under way: what the proxy has asked for in answer to one holds for both.
    if (askedByProxy || !isAsked || waitUntilMs < nowMs + delayMs) {
      waitUntilMs = nowMs + delayMs;
      isAsked = askedByProxy;
      arm(delayMs);
    }
    if (askedByProxy) remembered.setQuiet(delayMs);
    const ids = events.map(({ id }) => id);
    if (ids.length) tell('retrying', { ids, attempt: attempts, delayMs: waitUntilMs - nowMs, status });
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
    const askedMs = askedFor(outcome);
    if (askedMs === undefined) soon();
    else later([], askedMs, 0, true);
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
      if (!isAsked) waitUntilMs = 0;
      let before: number;
      do {
        before = settledCount;
        drain();
        await draining;
      } while (settledCount > before && pending() > 0);
    },
    leaving(unsaved, stays, led = needs.leads()) {
      // While it waits for the proxy, what is stored is better off with the next page than sent twice. Where another tab lives
      // on, that sends what this one has stored, or saves in its lifeboat.
      if (
        !stopped &&
        !waitUntilMs &&
        !diagnosis?.isOut() &&
        remembered.quietMs() <= 0 &&
        led &&
        (stays || !needs.hasHeir())
      ) {
        transport.hurry();
        const { maxEvents, maxBytes } = limits();
        let room = Math.min(transport.keepaliveRoom() - 100, maxBytes); // the words around the events
        const fitting: WaitingEvent[] = [];
        for (const event of recent.with(unsaved)) {
          if (inFlight.has(event.id) || !transport.takes(event.json)) continue;
          if (fitting.length >= maxEvents || (room -= event.bytes + 1) < 0) break;
          fitting.push({ ...event, place: 0 });
        }
        if (fitting.length) void farewell(fitting);
      }
    },
    hold(events) {
      for (const { id } of events) inFlight.add(id);
      return () => {
        landed(events);
        soon();
      };
    },
    acknowledge: (events) => delivered(events, 1, {}),
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
