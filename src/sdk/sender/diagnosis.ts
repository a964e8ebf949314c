import type { SdkErrorCode } from '../../protocol/errors.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Failure, Outcome } from './outcome.ts';
import { retryDelayMs } from './retry-timing.ts';
import type { Transport } from './transport.ts';

/**
 * Finds out what an answer that is no delivery speaks of: the events, or the endpoint. Only what it says of the events may
 * drop one. An empty batch decides: an address that refuses even that takes no batches at all.
 */
export interface Diagnosis {
  /** Asked before each batch. False: the address takes nothing for the moment, and the sender waits. */
  mayGo(): Promise<boolean>;
  /** Whether the address takes nothing, as far as is known. */
  isOut(): boolean;
  /** What the next batch may hold. */
  limits(): BatchLimits;
  /** Whether a faulty event is looked for, in batches that are halved until it is alone. */
  isNarrow(): boolean;
  /** So many events of a batch have been delivered. */
  passed(count: number): void;
  /** A batch was refused, or has failed too often. Afterwards the sender goes on, or waits. */
  examine(events: readonly WaitingEvent[], outcome: Failure): Promise<void>;
}

/** Of the needs of the sender, those of the diagnosis. */
export interface DiagnosisNeeds {
  readonly batch: BatchLimits;
  random(): number;
  readonly transport: Pick<Transport, 'sendTo' | 'send'>;
  readonly proxyMemory: { quietMs(): number };
  fail(code: SdkErrorCode, message: string): void;
  /** Aborts when the sender is stopped. */
  readonly ending: AbortSignal;
}

/** What the sender does with events whose outcome is found out. */
export interface DiagnosisActions {
  /** Keeps the events, and waits before the next request, longer from failure to failure. */
  retry(events: readonly OutboxEvent[], outcome: Failure): void;
  /** Keeps the events, and waits for `delayMs`. */
  later(events: readonly OutboxEvent[], delayMs: number, status: number): void;
  drop(event: WaitingEvent, reason: 'rejected' | 'too-large', status: number): Promise<void>;
}

export interface DiagnosedEndpoint {
  /** Where batches go. */
  readonly url: string;
  /** What is not repeated in messages. */
  readonly secret: string;
}

/** One refusal may be of an endpoint that changes in that moment; the second, after an empty batch has passed, is not. */
const REFUSALS = 2;
/** A crash may have had another cause; one that follows the same event so often has not. */
const CRASHES = 3;
const QUOTED_CHARACTERS = 120;

export function createDiagnosis(
  needs: DiagnosisNeeds,
  actions: DiagnosisActions,
  { url, secret }: DiagnosedEndpoint,
): Diagnosis {
  const { transport } = needs;
  let limits = needs.batch;
  // Of so many of the oldest events one is what the server does not take. The first half of them goes next: refused, it is
  // among these, and taken, among the others; until it is alone, and does not hold up the rest.
  let suspects = 0;
  let strikes = 0;
  let suspect = '';
  /** `silent`: any answer ends it, even a refusal. `refusing`: it ends when an empty batch is taken. */
  let outage: 'silent' | 'refusing' | undefined;
  let hasMoved = false;
  const told = new Set<SdkErrorCode>();

  /** Sends an empty batch, unless the proxy has asked another page a moment ago to leave it alone. */
  async function ask(): Promise<Outcome> {
    const afterMs = needs.proxyMemory.quietMs();
    return afterMs > 0 ? { kind: 'busy', status: 503, afterMs } : transport.send([]);
  }

  /** Whether this is a redirect to a place of the same origin that takes batches; events go there then. */
  async function follows(outcome: Outcome): Promise<boolean> {
    if (outcome.kind !== 'foreign' || outcome.status || hasMoved) return false;
    const end = await transport.send([], { follow: true });
    const target = end.url && new URL(end.url);
    if (target && target.origin === new URL(url).origin && end.kind === 'delivered') {
      transport.sendTo(target.href);
      hasMoved = true;
      return true;
    }
    const place = target ? target.origin + target.pathname : 'another origin';
    tellOnce(
      'endpoint-refuses',
      `redirects to ${place}, which is not followed. Use the address of the proxy itself as "proxyUrl"`,
    );
    return false;
  }

  function tellOnce(code: SdkErrorCode, what: string): void {
    if (told.has(code)) return;
    told.add(code);
    needs.fail(code, `${url} ${what}. Events are kept, and tried again`);
  }

  function blame({ kind, status, body }: Extract<Outcome, { kind: 'rejected' | 'foreign' }>): void {
    if (hasMoved) transport.sendTo();
    hasMoved = false;
    outage = 'refusing';
    const line = body.trim().split('\n', 1)[0] ?? '';
    const quoted = line && !line.includes(secret) ? `: ${line.slice(0, QUOTED_CHARACTERS)}` : '';
    if (kind === 'rejected')
      return tellOnce(
        'endpoint-refuses',
        `refuses even an empty batch, with status ${status}${quoted}. Let POST requests of this path reach the proxy`,
      );
    if (status)
      tellOnce(
        'not-a-proxy',
        `answers ${status} with a web page${quoted}. Something else than the proxy is there: let this path reach the proxy, or correct "proxyUrl"`,
      );
  }

  /** What was asked without events says that the address takes none. */
  function isOutOf(events: readonly OutboxEvent[], probe: Outcome): void {
    if (probe.kind === 'delivered' || probe.kind === 'aborted' || needs.ending.aborted) return;
    outage ??= 'silent';
    if (probe.kind === 'rejected' || probe.kind === 'foreign') blame(probe);
    actions.retry(events, probe);
  }

  function passed(count: number): void {
    suspects = Math.max(0, suspects - count);
  }

  /** @param most after so many strikes an event that is alone is given up */
  async function divide(events: readonly WaitingEvent[], most: number, { status }: Failure): Promise<void> {
    const [first] = events;
    suspects = events.length;
    if (events.length > 1 || !first) return;
    strikes = suspect === first.id ? strikes + 1 : 1;
    suspect = first.id;
    if (strikes < most) return;
    suspects = 0;
    await actions.drop(first, status === 413 ? 'too-large' : 'rejected', status);
  }

  return {
    async mayGo() {
      if (!outage) return true;
      const probe = await ask();
      if (needs.ending.aborted) return false;
      if (
        probe.kind === 'delivered' ||
        (probe.kind === 'rejected' && outage === 'silent') ||
        (await follows(probe))
      ) {
        outage = undefined;
        return true;
      }
      isOutOf([], probe);
      return false;
    },
    isOut: () => outage !== undefined,
    limits: () => (suspects ? { ...limits, maxEvents: Math.ceil(suspects / 2) } : limits),
    isNarrow: () => suspects > 0,
    passed,
    async examine(events, outcome) {
      const { kind, status } = outcome;
      if (kind === 'foreign') {
        if (!(await follows(outcome))) isOutOf(events, outcome);
        return;
      }
      if (kind !== 'rejected') {
        const probe = await ask();
        if (probe.kind !== 'delivered' && probe.kind !== 'rejected') return isOutOf(events, probe);
        await divide(events, CRASHES, outcome);
        return actions.later(events, retryDelayMs(1, needs.random()), status);
      }
      // Once before the first halving, and when an event is alone. Twice in a row before it is given up: behind one address
      // there may be two servers, which answer by turns, and one of which refuses everything.
      const again = events[0]?.id === suspect ? strikes : 0;
      const asks = events.length === 1 ? again + 1 : suspects ? 0 : 1;
      for (let asked = 0; asked < asks; asked++) {
        const probe = await ask();
        if (probe.kind === 'delivered') continue;
        const hasRefused = probe.kind === 'rejected' || probe.kind === 'foreign';
        // The address takes some and refuses others: what is sent next may meet the other server.
        return asked && hasRefused ? actions.retry(events, outcome) : isOutOf(events, probe);
      }
      // The proxy takes less than the SDK thought; proxyMemory for as long as the page lives.
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
