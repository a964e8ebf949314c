import { utf8 } from '../../protocol/wire.ts';
import { TOLERANCE_MS } from '../batch/clock-skew.ts';
import { within } from '../lib/timeouts.ts';
import type { Delivery } from './delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import { senderOf, type OutgoingBatch } from './outgoing-batch.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { Upstream } from './upstream.ts';

/** Brings one batch to Customer.io by itself. */
export type SendAlone = (shipment: OutgoingBatch, note: LogNote) => Promise<Delivery>;

export interface MergeNeeds {
  readonly upstream: Pick<Upstream, 'send'>;
  readonly alone: SendAlone;
  /** What a batch has at most when it comes. One with less than half of it left does not wait for others. */
  readonly timeoutMs: number;
  readonly waitMs: number;
}

/** Customer.io takes 500 000 bytes in one request. */
const MOST_BYTES = 475_000;
/** A batch of more bytes goes by itself: to copy it takes as long as a request, and few others would have room beside it. */
const LARGE_BYTES = 32_000;
/** `{"batch":[],"sentAt":"2026-01-02T03:04:05.678Z"}` around the events. */
const [HEAD, COMMA] = [utf8.encode('{"batch":['), ','.charCodeAt(0)];
/** A timer of Node fires up to two milliseconds late. */
const TIMER_MS = 2;
/** The time for which a sender of a faulty event goes by itself, so that it holds up others once and not again and again. */
const APART_MS = 60_000;
/** A round may take so much longer than the one before. */
const SPARE = 1.5;
const NO_TIME = 'There was no time left to look for a faulty event.';
/** As many such senders as are remembered. */
const MOST_APART = 1_000;
/** So many merged requests are taken apart in that time; then every batch goes by itself for as long. */
const MOST_TAKEN_APART = 20;

/** A batch that is in one request with others. */
interface Part {
  readonly shipment: OutgoingBatch;
  readonly note: LogNote;
  /** Its events, with commas between them. */
  readonly list: Uint8Array;
  readonly resolve: (delivery: Delivery | Promise<Delivery>) => void;
}

/**
 * Sends batches of different browsers that come within `waitMs` as one. Each of them is answered what Customer.io has said to
 * the request that held its events.
 *
 * Customer.io rejects a batch whole. A merged one is then halved between its senders, both halves at the same time, until each
 * sender of a faulty event is alone with it: the others wait for one round trip for each halving, and are never told of it. What may be the
 * fault of one event (413, 500) is looked for in the same way.
 */
export function createMerge({ upstream, alone, timeoutMs, waitMs }: MergeNeeds): SendAlone {
  let parts: Part[] = [];
  let bytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Senders of faulty events, and until when each of them goes by itself. */
  const apart = new Map<string, number>();
  const pause = createPause();

  function flush(): void {
    clearTimeout(timer);
    const group = parts;
    [parts, bytes, timer] = [[], 0, undefined];
    // Whatever goes wrong here, everybody is answered.
    settle(group, true).catch((cause: unknown) => {
      for (const { resolve } of group) resolve({ kind: 'unavailable', detail: describeError(cause) });
    });
  }

  /** Brings the batches of a group there, all in one request where that works. */
  async function settle(group: readonly Part[], isWhole: boolean): Promise<void> {
    const [only] = group;
    if (only && group.length === 1) {
      only.resolve(alone(only.shipment, only.note).then((delivery) => watched(only.shipment, delivery)));
      return;
    }
    const startedAt = performance.now();
    const delivery = await together(group);
    if (!mayBeOneEvent(delivery)) {
      for (const { shipment, resolve } of group) {
        if (delivery.kind === 'delivered') shipment.accept?.(shipment.acceptedEvents);
        resolve(delivery);
      }
      return;
    }
    if (isWhole) pause.count();
    // There is one more request to wait for in each round; cut off, all of them would look like an upstream that is down.
    const roundMs = (performance.now() - startedAt) * SPARE;
    const leftMs = Math.min(...group.map(({ shipment }) => shipment.endsAt)) - performance.now();
    if (leftMs < roundMs) {
      for (const { resolve } of group) resolve({ kind: 'unavailable', detail: NO_TIME });
      return;
    }
    if (leftMs < roundMs * Math.ceil(Math.log2(group.length))) {
      await Promise.all(group.map((part) => settle([part], false)));
      return;
    }
    const middle = Math.ceil(group.length / 2);
    await Promise.all([settle(group.slice(0, middle), false), settle(group.slice(middle), false)]);
  }

  async function together(group: readonly Part[]): Promise<Delivery> {
    const endsAt = Math.min(...group.map(({ shipment }) => shipment.endsAt));
    // The request is one of the first sender's, so that the sum over all senders is right.
    const [first] = group;
    const note: LogNote = first?.note ?? {};
    const leftMs = endsAt - performance.now();
    if (leftMs < 1) return { kind: 'unavailable', detail: NO_TIME };
    const delivery = await within(leftMs, (signal) =>
      upstream.send(joined(group), { signal, endsAt }, note),
    ).catch((cause: unknown): Delivery => ({ kind: 'unavailable', detail: describeError(cause) }));
    for (const part of group) {
      part.note.merged = group.length;
      if (delivery.status !== undefined) part.note.upstreamStatus = delivery.status;
    }
    return delivery;
  }

  /** Remembers a sender whose events Customer.io does not take. */
  function watched(shipment: OutgoingBatch, delivery: Delivery): Delivery {
    const isFaulty =
      delivery.kind === 'delivered' ? delivery.rejected !== undefined : mayBeOneEvent(delivery);
    const sender = isFaulty ? senderOf(shipment) : undefined;
    if (sender !== undefined) {
      apart.delete(sender);
      apart.set(sender, performance.now() + APART_MS);
      for (const oldest of apart.keys()) if (apart.size > MOST_APART) apart.delete(oldest);
    }
    return delivery;
  }

  function isApart(shipment: OutgoingBatch): boolean {
    if (apart.size === 0) return false;
    const until = apart.get(senderOf(shipment) ?? '');
    return until !== undefined && performance.now() < until;
  }

  return (shipment, note) => {
    const { sentAt, endsAt } = shipment;
    if (pause.isOn() || endsAt - performance.now() < timeoutMs / 2 || !isOfNow(sentAt) || isApart(shipment))
      return alone(shipment, note).then((delivery) => watched(shipment, delivery));
    const list = shipment.came?.list ?? listOf(shipment.acceptedEvents);
    if (list.length > LARGE_BYTES) return alone(shipment, note);
    if (bytes + list.length > MOST_BYTES && parts.length > 0) flush();
    return new Promise<Delivery>((resolve) => {
      parts.push({ shipment, note, list, resolve });
      bytes += list.length + 1;
      if (bytes > MOST_BYTES) flush();
      else timer ??= setTimeout(flush, Math.max(1, waitMs - TIMER_MS));
    });
  };
}

/** Where many requests have to be taken apart, merging costs Customer.io more requests than it spares. */
function createPause(): { count(): void; isOn(): boolean } {
  let [count, since, until] = [0, Number.NEGATIVE_INFINITY, 0];
  return {
    count() {
      const now = performance.now();
      if (now - since >= APART_MS) [count, since] = [0, now];
      count += 1;
      if (count > MOST_TAKEN_APART) until = now + APART_MS;
    },
    isOn: () => until > 0 && performance.now() < until,
  };
}

/** A merged request has one `sentAt`, that of the proxy: a browser whose clock is wrong keeps its own, alone. */
function isOfNow(sentAt: string | undefined): boolean {
  return sentAt === undefined || Math.abs(Date.now() - Date.parse(sentAt)) <= TOLERANCE_MS;
}

/** Whether the answer to several batches may be the fault of one event. */
function mayBeOneEvent({ kind, status = 0, ...delivery }: Delivery): boolean {
  if (kind === 'rejected' || kind === 'too-large') return true;
  const isAsked = 'retryAfter' in delivery && delivery.retryAfter !== undefined;
  return kind === 'unavailable' && !isAsked && (status === 500 || status > 504);
}

function listOf(acceptedEvents: OutgoingBatch['acceptedEvents']): Uint8Array {
  return join(acceptedEvents.map(({ json }) => (typeof json === 'string' ? utf8.encode(json) : json)));
}

function joined(group: readonly Part[]): Uint8Array<ArrayBuffer> {
  const tail = utf8.encode(`],"sentAt":"${new Date().toISOString()}"}`);
  return join(
    group.map(({ list }) => list),
    HEAD,
    tail,
  );
}

/** Lists with commas between them. */
function join(
  lists: readonly Uint8Array[],
  head: Uint8Array = new Uint8Array(),
  tail: Uint8Array = head,
): Uint8Array<ArrayBuffer> {
  const length = lists.reduce((sum, list) => sum + list.length + 1, head.length + tail.length - 1);
  const all = new Uint8Array(Math.max(0, length));
  all.set(head);
  let at = head.length;
  for (const list of lists) {
    if (at > head.length) all[at++] = COMMA;
    all.set(list, at);
    at += list.length;
  }
  all.set(tail, at);
  return all;
}
