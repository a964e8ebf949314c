import type { DropReason } from '../events.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Sender, SenderNeeds } from './contract.ts';
import type { Diagnosis } from './diagnosis.ts';
import { fitIntoFarewell } from './farewell.ts';
import type { Failure, Outcome } from './outcome.ts';
import { createRecentEvents } from './recent-events.ts';
import { ASK_AGAIN_AFTER, retryDelayMs, SLOW_BASE_MS, SUSPECT_AFTER } from './retry-timing.ts';
import { createSchedule } from './schedule.ts';

export function createSender(needs: SenderNeeds): Sender {
  const { acknowledgements, clock, ending, transport, outbox, tell, proxyMemory } = needs;
  const limits = (): BatchLimits => diagnosis?.limits() ?? needs.batch;
  const recent = createRecentEvents();
  const inFlight = new Set<string>();
  const schedule = createSchedule(clock, proxyMemory, drain);
  let diagnosis: Diagnosis | undefined;
  let draining: Promise<void> | undefined;
  /** Failures in a row. */
  let failures = 0;
  /** Requests for the batch at the head of the outbox. */
  let attempts = 0;
  let settledCount = 0;
  let sentAtMs = 0;
  /** The page is told once that nothing answers, or that the answers mean nothing. */
  let isTold = false;

  for (const event of ['online', 'show'] as const)
    needs.lifecycle.on(
      event,
      () => {
        if (!schedule.endOwnWait()) return;
        failures = 0;
        drain();
      },
      ending,
    );
  ending.addEventListener('abort', () => {
    schedule.stop();
    transport.abort();
  });

  function drain(): void {
    if (ending.aborted || draining || !needs.leads() || !schedule.isOpen()) return;
    draining = run().finally(() => {
      draining = undefined;
      // Events were stored meanwhile. `pending` would also count those of a store that this page cannot read.
      if (!schedule.isPlanned() && outbox.ledger().bytes > 0) soon(sinceSentMs());
    });
  }

  // The absolute value: a clock that was set back must not prolong the wait.
  const sinceSentMs = (): number => Math.abs(clock.now() - sentAtMs);

  /**
   * Plans the next batch. The first event waits for others, and for its page to be left, whose last request takes them; a busy
   * page makes batches.
   * @param waitedMs how long the events may have waited already
   */
  function soon(waitedMs = 0): void {
    if (ending.aborted || draining || !needs.leads()) return;
    const delayMs = Math.max(needs.gatherMs - waitedMs, needs.flushIntervalMs - sinceSentMs());
    if (delayMs <= 0 || outbox.ledger().pending >= limits().maxEvents) drain();
    else if (!schedule.isPlanned()) schedule.plan(delayMs);
  }

  /** Sends batch after batch, until the outbox is empty or something makes the sender wait. */
  async function run(): Promise<void> {
    while (!ending.aborted && !schedule.isHeld() && needs.leads()) {
      if (diagnosis && !(await diagnosis.mayGo())) return;
      const waiting = await outbox.oldest(limits());
      // While they were read, another tab may have become the leader, or another request was answered "later".
      if (schedule.isHeld() || !needs.leads()) return;
      const events = waiting.filter(({ id }) => !inFlight.has(id));
      if (!events.length) {
        // All of them are on their way with a page that was leaving.
        if (waiting.length) schedule.plan(needs.flushIntervalMs);
        return;
      }
      attempts++;
      sentAtMs = clock.now();
      const outcome = await send(events);
      if (ending.aborted) return;
      // A batch that is not full has emptied the outbox.
      if (outcome.kind === 'delivered' && !diagnosis?.isNarrow() && !isFull(waiting)) return;
    }
  }

  const isFull = (events: readonly OutboxEvent[]): boolean =>
    events.length >= limits().maxEvents || bytesOf(events) * 2 > limits().maxBytes;

  /** Sends these. They stay in flight until their outcome is dealt with: an event that is read meanwhile must not go out again. */
  async function send(events: readonly WaitingEvent[], leaving?: boolean): Promise<Outcome> {
    for (const { id } of events) inFlight.add(id);
    // An event that was just being written as its page went may be in the outbox twice.
    const jsons = new Map(events.map(({ id, json }) => [id, json]));
    let name: string | false | undefined;
    let outcome = await transport.send([...jsons.values()], {
      leaving,
      // While a faulty event is looked for, bodies are readable by every server.
      plain: diagnosis?.isNarrow(),
      // Where another tab is open, this one may be closed at any time, and the other one has to know.
      ack: (isLast) => (name ||= (isLast || needs.hasHeir()) && acknowledgements?.begin([...jsons.keys()])),
    });
    const isLost = outcome.kind === 'unanswered';
    // The browser may take the cookie of an answer, and still withhold the answer from a page that was away.
    if (name && isLost && acknowledgements?.take(name)) outcome = { kind: 'delivered' };
    if (!isLost && outcome.kind !== 'aborted') proxyMemory.set('answered', true);
    if (!ending.aborted) await conclude(events, outcome, leaving);
    // The name is deleted after the outcome is stored: if this page is stopped in between, the next page reads the outcome from the
    // cookie.
    if (name) acknowledgements?.end(name);
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
    // Where nothing answers, the file of the diagnosis may not load either: it is requested at 3 of every 8 failures.
    if (!diagnosis && (outcome.status || failures % ASK_AGAIN_AFTER < SUSPECT_AFTER))
      await loadDiagnosis(outcome);
    return diagnosis ? diagnosis.examine(events, outcome) : retry(events, outcome);
  }

  /** Whether waiting may not be enough. An answer that says "not now" in so many words is no reason to suspect an event. */
  function isUnclear(outcome: Failure): boolean {
    const { kind, status } = outcome;
    if (kind === 'rejected' || kind === 'foreign') return true;
    const isFailure = !status || (status >= 500 && status !== 503);
    const isSuspect = failures + 1 >= SUSPECT_AFTER || Boolean(diagnosis?.isNarrow());
    return isFailure && isSuspect && askedFor(outcome) === undefined && needs.lifecycle.online();
  }

  async function loadDiagnosis(outcome: Failure): Promise<void> {
    const loaded = needs.diagnosis(needs, { retry, later, drop }).then(
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

  /** Keeps the events, and waits: as long as the proxy asks for, else longer from failure to failure. */
  function retry(events: readonly OutboxEvent[], outcome: Failure): void {
    failures++;
    const isUnauthorized = outcome.kind === 'unauthorized';
    if (isUnauthorized) needs.onUnauthorized(outcome.status);
    // Sending has never worked in this browser, and the network is there.
    if (
      outcome.kind === 'unanswered' &&
      failures >= SUSPECT_AFTER &&
      needs.lifecycle.online() &&
      !isTold &&
      !proxyMemory.get('answered')
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
    isAskedByProxy = false,
  ): void {
    if (ending.aborted) return;
    const waitMs = schedule.hold(delayMs, isAskedByProxy);
    const ids = events.map(({ id }) => id);
    if (ids.length) tell('retrying', { ids, attempt: attempts, delayMs: waitMs, status });
  }

  async function forget(events: readonly WaitingEvent[], as: 'delivered' | DropReason): Promise<void> {
    settledCount += events.length;
    recent.remove(events.map(({ id }) => id));
    await outbox.settle(events, as);
  }

  async function farewell(events: readonly WaitingEvent[]): Promise<void> {
    const outcome = await send(events, true);
    // Only a page that lives on comes here.
    if (ending.aborted) return;
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
      // The request that is under way may have begun before the last event was stored, or failed before things got better.
      await draining;
      schedule.endOwnWait();
      let before: number;
      do {
        before = settledCount;
        drain();
        await draining;
      } while (settledCount > before && outbox.ledger().pending > 0);
    },
    leaving(unsaved, stays, led = needs.leads()) {
      // During a wait for the proxy, stored events are better off with the next page than sent twice. Where another tab lives
      // on, that one sends what this one has stored, or saves in its lifeboat.
      if (ending.aborted || schedule.isHeld() || diagnosis?.isOut() || !led || (!stays && needs.hasHeir()))
        return;
      transport.hurry();
      const fitting = fitIntoFarewell(
        recent.with(unsaved),
        limits(),
        transport.keepaliveRoom(),
        ({ id, json }) => !inFlight.has(id) && transport.takes(json),
      );
      if (fitting.length) void farewell(fitting);
    },
    hold(events) {
      for (const { id } of events) inFlight.add(id);
      return () => {
        landed(events);
        soon();
      };
    },
    acknowledge: (events) => delivered(events, 1, {}),
  };
}

const bytesOf = (events: readonly OutboxEvent[]): number =>
  events.reduce((total, event) => total + event.bytes + 1, 0);
