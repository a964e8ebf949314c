import { utf8 } from '../../protocol/wire.ts';
import { TOLERANCE_MS } from '../batch/clock-skew.ts';
import { within } from '../lib/timeouts.ts';
import type { Delivery } from './delivery.ts';
import { describeError } from '../lib/describe-error.ts';
import { senderOf, type OutgoingBatch } from './outgoing-batch.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { Upstream } from './upstream.ts';

/** Sends one batch to Customer.io in a request of its own. */
export type SendAlone = (outgoing: OutgoingBatch, note: LogNote) => Promise<Delivery>;

export interface MergeNeeds {
  readonly upstream: Pick<Upstream, 'send'>;
  /** Sends a batch that is not merged. */
  readonly alone: SendAlone;
  /**
   * The time for a delivery when the batch arrives, in milliseconds. A batch with less than half of it left is not
   * merged.
   */
  readonly timeoutMs: number;
  /** How long a batch waits for others, in milliseconds. */
  readonly waitMs: number;
}

/** Customer.io accepts 500 000 bytes in one request. */
const MOST_BYTES = 475_000;
/** A batch of more bytes is not merged: copying it takes as long as a request, and there would be little room for other batches. */
const LARGE_BYTES = 32_000;
/** The frame around the events: `{"batch":[],"sentAt":"2026-01-02T03:04:05.678Z"}`. */
const [HEAD, COMMA] = [utf8.encode('{"batch":['), ','.charCodeAt(0)];
/** A timer of Node fires up to two milliseconds late. */
const TIMER_MS = 2;
/**
 * How long the batches of a sender are not merged after one of its events was faulty, so that it delays others only
 * once.
 */
const APART_MS = 60_000;
/** A round of bisecting is expected to take at most this many times as long as the one before. */
const SPARE = 1.5;
const NO_TIME = 'There was no time left to look for a faulty event.';
/** How many senders of faulty events are stored. */
const MOST_APART = 1_000;
/** If more merged requests than this are bisected within `APART_MS`, merging stops for as long. */
const MOST_TAKEN_APART = 20;

/** A batch in a merged request. */
interface Part {
  readonly outgoing: OutgoingBatch;
  readonly note: LogNote;
  /** The events of the batch as bytes, with commas between them. */
  readonly list: Uint8Array;
  readonly resolve: (delivery: Delivery | Promise<Delivery>) => void;
}

/**
 * Merges the batches of different browsers that arrive within `waitMs` into one request. Each batch is resolved with Customer.io's
 * response to the request that contained its events.
 *
 * Customer.io rejects a merged request whole. It is then bisected between its batches, both halves at the same time, until each
 * batch with a faulty event has a separate request. The other browsers wait one round trip more for each round of bisecting, and
 * their responses do not mention it. Other responses that can be the fault of one event (413, 500) are treated in the same way.
 */
export function createMerge({ upstream, alone, timeoutMs, waitMs }: MergeNeeds): SendAlone {
  let parts: Part[] = [];
  let bytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Senders of faulty events, and the time until which their batches are not merged. */
  const apart = new Map<string, number>();
  const pause = createPause();

  function flush(): void {
    clearTimeout(timer);
    const group = parts;
    [parts, bytes, timer] = [[], 0, undefined];
    // An unexpected error must not leave a batch without a response.
    settle(group, true).catch((cause: unknown) => {
      for (const { resolve } of group) resolve({ kind: 'unavailable', detail: describeError(cause) });
    });
  }

  /** Sends a group of batches in one request, and bisects the group when that is rejected. */
  async function settle(group: readonly Part[], isWhole: boolean): Promise<void> {
    const [only] = group;
    if (only && group.length === 1) {
      only.resolve(
        alone(only.outgoing, only.note).then((delivery) => rememberFaulty(only.outgoing, delivery)),
      );
      return;
    }
    const startedAt = performance.now();
    const delivery = await together(group);
    if (!mayBeOneEvent(delivery)) {
      for (const { outgoing, resolve } of group) {
        if (delivery.kind === 'delivered') outgoing.accept?.(outgoing.acceptedEvents);
        resolve(delivery);
      }
      return;
    }
    if (isWhole) pause.count();
    // Each round takes one more round trip. Batches that the time limit cuts off would look like a failure of upstream.
    const roundMs = (performance.now() - startedAt) * SPARE;
    const leftMs = Math.min(...group.map(({ outgoing }) => outgoing.endsAt)) - performance.now();
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
    const endsAt = Math.min(...group.map(({ outgoing }) => outgoing.endsAt));
    // The request is counted for the first batch only, so that the sum over all batches is right.
    const [first] = group;
    const note: LogNote = first?.note ?? {};
    const leftMs = endsAt - performance.now();
    if (leftMs < 1) return { kind: 'unavailable', detail: NO_TIME };
    const delivery = await within(leftMs, (signal) =>
      upstream.send(mergedBody(group), { signal, endsAt }, note),
    ).catch((cause: unknown): Delivery => ({ kind: 'unavailable', detail: describeError(cause) }));
    for (const part of group) {
      part.note.merged = group.length;
      if (delivery.status !== undefined) part.note.upstreamStatus = delivery.status;
    }
    return delivery;
  }

  /** Remembers the sender of a faulty event. */
  function rememberFaulty(outgoing: OutgoingBatch, delivery: Delivery): Delivery {
    const isFaulty =
      delivery.kind === 'delivered' ? delivery.rejected !== undefined : mayBeOneEvent(delivery);
    const sender = isFaulty ? senderOf(outgoing) : undefined;
    if (sender !== undefined) {
      apart.delete(sender);
      apart.set(sender, performance.now() + APART_MS);
      for (const oldest of apart.keys()) if (apart.size > MOST_APART) apart.delete(oldest);
    }
    return delivery;
  }

  function isApart(outgoing: OutgoingBatch): boolean {
    if (apart.size === 0) return false;
    const until = apart.get(senderOf(outgoing) ?? '');
    return until !== undefined && performance.now() < until;
  }

  return (outgoing, note) => {
    const { sentAt, endsAt } = outgoing;
    if (
      pause.isOn() ||
      endsAt - performance.now() < timeoutMs / 2 ||
      !hasCurrentTime(sentAt) ||
      isApart(outgoing)
    )
      return alone(outgoing, note).then((delivery) => rememberFaulty(outgoing, delivery));
    const list = outgoing.receivedBody?.list ?? listOf(outgoing.acceptedEvents);
    if (list.length > LARGE_BYTES) return alone(outgoing, note);
    if (bytes + list.length > MOST_BYTES && parts.length > 0) flush();
    return new Promise<Delivery>((resolve) => {
      parts.push({ outgoing, note, list, resolve });
      bytes += list.length + 1;
      if (bytes > MOST_BYTES) flush();
      else timer ??= setTimeout(flush, Math.max(1, waitMs - TIMER_MS));
    });
  };
}

/**
 * Stops merging for a while where many merged requests have to be bisected: merging then costs more requests than it
 * saves.
 */
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

/**
 * Whether the clock of the browser is right. A merged request has the time of the proxy as its one `sentAt`, so a batch
 * from a wrong clock is not merged, and keeps its own.
 */
function hasCurrentTime(sentAt: string | undefined): boolean {
  return sentAt === undefined || Math.abs(Date.now() - Date.parse(sentAt)) <= TOLERANCE_MS;
}

/** Whether the response to several batches can be the fault of one event. */
function mayBeOneEvent({ kind, status = 0, ...delivery }: Delivery): boolean {
  if (kind === 'rejected' || kind === 'too-large') return true;
  const hasRetryAfter = 'retryAfter' in delivery && delivery.retryAfter !== undefined;
  return kind === 'unavailable' && !hasRetryAfter && (status === 500 || status > 504);
}

/** The events of a batch as bytes, with commas between them. */
function listOf(acceptedEvents: OutgoingBatch['acceptedEvents']): Uint8Array {
  return join(acceptedEvents.map(({ json }) => (typeof json === 'string' ? utf8.encode(json) : json)));
}

/** The body of a merged request. */
function mergedBody(group: readonly Part[]): Uint8Array<ArrayBuffer> {
  const tail = utf8.encode(`],"sentAt":"${new Date().toISOString()}"}`);
  return join(
    group.map(({ list }) => list),
    HEAD,
    tail,
  );
}

/** Joins lists with commas between them, behind `head` and before `tail`. */
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
