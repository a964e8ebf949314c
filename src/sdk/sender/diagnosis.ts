import type { SdkErrorCode } from '../../protocol/errors.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Failure, Outcome } from './outcome.ts';
import { retryDelayMs } from './retry-timing.ts';
import type { Transport } from './transport.ts';

/**
 * Finds out whether a failed request is about its events or about the endpoint, and bisects a batch until the faulty event is alone. An event is dropped only if the failure is about the
 * event. An empty batch decides that: an endpoint that refuses even an empty batch takes no batches at all.
 */
export interface Diagnosis {
  /** Called before each batch. Returns false if the endpoint takes nothing for the moment: the sender waits. */
  mayGo(): Promise<boolean>;
  /** Whether the endpoint takes nothing, according to the last request. */
  isOut(): boolean;
  /** The limits of the next batch. */
  limits(): BatchLimits;
  /** Whether a faulty event is being searched, with batches that are halved until it is alone. */
  isNarrow(): boolean;
  /** Called when a batch with `count` events was delivered. */
  passed(count: number): void;
  /** Examines a batch that was refused, or has failed too often. Afterwards the sender continues, or waits. */
  examine(events: readonly WaitingEvent[], outcome: Failure): Promise<void>;
}

/** The part of the needs of the sender that the diagnosis uses. */
export interface DiagnosisNeeds {
  readonly batch: BatchLimits;
  random(): number;
  readonly transport: Pick<Transport, 'sendTo' | 'send'>;
  readonly proxyMemory: { quietMs(): number };
  fail(code: SdkErrorCode, message: string): void;
  /** Aborts when the sender is stopped. */
  readonly ending: AbortSignal;
}

/** The actions of the sender that the diagnosis decides on. */
export interface DiagnosisActions {
  /** Keeps the events, and waits before the next request, longer from failure to failure. */
  retry(events: readonly OutboxEvent[], outcome: Failure): void;
  /** Keeps the events, and waits for `delayMs`. */
  later(events: readonly OutboxEvent[], delayMs: number, status: number): void;
  /** Takes the event out of the outbox, and counts it as dropped. */
  drop(event: WaitingEvent, reason: 'rejected' | 'too-large', status: number): Promise<void>;
}

/** The endpoint of batches. */
export interface DiagnosedEndpoint {
  /** URL to which batches are sent. */
  readonly url: string;
  /** The client key: an answer that contains it is not quoted in messages. */
  readonly secret: string;
}

/**
 * An event is dropped after so many refusals: the first may come from an endpoint that changes in that moment; a second one,
 * after an accepted empty batch, does not.
 */
const REFUSALS = 2;
/** An event is dropped after so many failures without a clear answer: fewer of them may have another cause than the event. */
const CRASHES = 3;
const QUOTED_CHARACTERS = 120;

export function createDiagnosis(
  needs: DiagnosisNeeds,
  actions: DiagnosisActions,
  { url, secret }: DiagnosedEndpoint,
): Diagnosis {
  const { transport } = needs;
  let limits = needs.batch;
  /**
   * The number of oldest events, one of which the server does not take. The first half of them is sent next. If this half is refused,
   * the event is in it; if it is accepted, the event is in the other half. In the end the event is alone, and no longer blocks
   * the others.
   */
  let suspects = 0;
  /** How often the event `suspect` has failed alone. */
  let strikes = 0;
  /** Id of the last event that has failed alone. */
  let suspect = '';
  /** The endpoint takes nothing. `silent`: any answer ends that, even a refusal. `refusing`: an accepted empty batch ends that. */
  let outage: 'silent' | 'refusing' | undefined;
  let hasMoved = false;
  const told = new Set<SdkErrorCode>();

  /** Sends an empty batch, unless the proxy has told another page to send no requests for a while. */
  async function probeEndpoint(): Promise<Outcome> {
    const afterMs = needs.proxyMemory.quietMs();
    return afterMs > 0 ? { kind: 'busy', status: 503, afterMs } : transport.send([]);
  }

  /** Returns whether this is a redirect to a URL of the same origin that takes batches. If so, later batches go to that URL. */
  async function follows(outcome: Outcome): Promise<boolean> {
    if (outcome.kind !== 'foreign' || outcome.status || hasMoved) return false;
    const targetOutcome = await transport.send([], { follow: true });
    const target = targetOutcome.url && new URL(targetOutcome.url);
    if (target && target.origin === new URL(url).origin && targetOutcome.kind === 'delivered') {
      transport.sendTo(target.href);
      hasMoved = true;
      return true;
    }
    // Without a target, the browser has refused the redirect: to an origin that allows no such request, or in a circle.
    const place = target ? target.origin + target.pathname : 'another origin, or in a circle';
    tellOnce(
      'endpoint-refuses',
      `redirects to ${place}, and the SDK does not follow. Use the URL of the proxy itself as "proxyUrl"`,
    );
    return false;
  }

  function tellOnce(code: SdkErrorCode, what: string): void {
    if (told.has(code)) return;
    told.add(code);
    needs.fail(code, `${url} ${what}. Events are kept, and tried again`);
  }

  /** Reports what is wrong with the endpoint. */
  function blame({ kind, status, body }: Extract<Outcome, { kind: 'rejected' | 'foreign' }>): void {
    if (hasMoved) transport.sendTo();
    hasMoved = false;
    outage = 'refusing';
    const line = body.trim().split('\n', 1)[0] ?? '';
    const quoted = line && !line.includes(secret) ? `: ${line.slice(0, QUOTED_CHARACTERS)}` : '';
    if (kind === 'rejected')
      return tellOnce(
        'endpoint-refuses',
        `refuses even an empty batch, with status ${status}${quoted}. The request has not reached the proxy: route POST requests of this path to it, and compare "proxyUrl" with its "basePath"`,
      );
    if (status)
      tellOnce(
        'not-a-proxy',
        `responds ${status} with a web page${quoted}. Another server than the proxy has responded: route this path to the proxy, or correct "proxyUrl"`,
      );
  }

  /** Begins the wait for the endpoint, because it has not accepted an empty batch. */
  function beginOutage(events: readonly OutboxEvent[], probe: Outcome): void {
    if (probe.kind === 'delivered' || probe.kind === 'aborted' || needs.ending.aborted) return;
    outage ??= 'silent';
    if (probe.kind === 'rejected' || probe.kind === 'foreign') blame(probe);
    actions.retry(events, probe);
  }

  function passed(count: number): void {
    suspects = Math.max(0, suspects - count);
  }

  /**
   * Halves the next batch. An event that is alone already is dropped.
   * @param maxStrikes the number of failures after which an event that is alone is dropped
   */
  async function divide(
    events: readonly WaitingEvent[],
    maxStrikes: number,
    { status }: Failure,
  ): Promise<void> {
    const [first] = events;
    suspects = events.length;
    if (events.length > 1 || !first) return;
    strikes = suspect === first.id ? strikes + 1 : 1;
    suspect = first.id;
    if (strikes < maxStrikes) return;
    suspects = 0;
    await actions.drop(first, status === 413 ? 'too-large' : 'rejected', status);
  }

  return {
    async mayGo() {
      if (!outage) return true;
      const probe = await probeEndpoint();
      if (needs.ending.aborted) return false;
      if (
        probe.kind === 'delivered' ||
        (probe.kind === 'rejected' && outage === 'silent') ||
        (await follows(probe))
      ) {
        outage = undefined;
        return true;
      }
      beginOutage([], probe);
      return false;
    },
    isOut: () => outage !== undefined,
    limits: () => (suspects ? { ...limits, maxEvents: Math.ceil(suspects / 2) } : limits),
    isNarrow: () => suspects > 0,
    passed,
    async examine(events, outcome) {
      const { kind, status } = outcome;
      if (kind === 'foreign') {
        if (!(await follows(outcome))) beginOutage(events, outcome);
        return;
      }
      if (kind !== 'rejected') {
        const probe = await probeEndpoint();
        if (probe.kind !== 'delivered' && probe.kind !== 'rejected') return beginOutage(events, probe);
        await divide(events, CRASHES, outcome);
        return actions.later(events, retryDelayMs(1, needs.random()), status);
      }
      // An empty batch is sent before the first halving, and when an event is alone. Two in a row are sent before the event is
      // dropped: one URL may stand for two servers that answer in turn, one of which refuses everything.
      const earlierStrikes = events[0]?.id === suspect ? strikes : 0;
      const probes = events.length === 1 ? earlierStrikes + 1 : suspects ? 0 : 1;
      for (let accepted = 0; accepted < probes; accepted++) {
        const probe = await probeEndpoint();
        if (probe.kind === 'delivered') continue;
        const hasRefused = probe.kind === 'rejected' || probe.kind === 'foreign';
        // The URL has accepted one empty batch and refused the next: the next request may reach the other server.
        return accepted && hasRefused ? actions.retry(events, outcome) : beginOutage(events, probe);
      }
      // The proxy takes smaller batches than the SDK assumes. The new limit holds until the page ends.
      if (status === 413 && events.length > 1) {
        const bytes = events.reduce((total, event) => total + event.bytes + 1, 0);
        limits = { ...limits, maxBytes: Math.ceil(Math.min(limits.maxBytes, bytes) / 2) };
      }
      await divide(events, REFUSALS, outcome);
    },
  };
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createDiagnosis as create };
