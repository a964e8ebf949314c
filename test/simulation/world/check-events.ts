import { MAX_EVENT_BYTES } from '../../../src/protocol/wire.ts';
import type { Call } from './expected-events.ts';
import type { SentRequest } from './network.ts';
import type { World } from './world.ts';

/** What must have become of every event, when a world has come to its end. */
export function checkEvents(world: World): void {
  checkPromises(world);
  checkTold(world);
  checkOrder(world);
  checkRepeats(world);
  checkReasons(world);
}

/** It takes no longer to write down what was delivered, where nothing is wrong with the disk. */
const WRITING_MS = 1_000;
/** An answer that comes so soon after its page has left is waited for by the next one. */
const NOTED_MS = 4_000;

/** Stored, or saved as the page left: delivered, or dropped for a reason, or deleted by the visitor. */
function checkPromises({ expectedEvents, tabs, plan }: World): void {
  const living = new Set(tabs.filter(({ page }) => page.life() === 'running').map(({ page }) => page.name));
  for (const { id = '', receipt, saved, closed, page, n } of expectedEvents.calls) {
    const isSettled =
      expectedEvents.taken.has(id) ||
      expectedEvents.droppedOnDisk.has(id) ||
      expectedEvents.toldDropped.has(id) ||
      expectedEvents.deleted.has(id) ||
      receipt?.state === 'discarded';
    if (isSettled) continue;
    // Where the application wants memory, a lifeboat holds only what was under way to it.
    const isPromised = receipt?.state === 'stored' || (saved && plan.options.outbox?.storage !== 'memory');
    if (isPromised || (living.has(page) && !closed))
      throw new Error(
        `Call ${n} of ${page} is lost: ${id} ${JSON.stringify(receipt)} ${saved ? 'saved' : ''}`,
      );
  }
}

/** A page that was there all the time is told what became of its events, whoever has sent them. */
function checkTold({ expectedEvents, tabs, origin, plan, stops }: World): void {
  if (!plan.channel || plan.withdraws) return;
  const known = new Map<string, number>();
  for (const { accepted, heard, batch } of origin.network.sent)
    if (accepted && heard) for (const { messageId } of batch) known.set(messageId, heard.atMs);
  for (const { calls, disturbed, page } of tabs) {
    if (disturbed) continue;
    for (const { id = '', toldDelivered } of calls) {
      const atMs = known.get(id);
      // Whoever knew it may have gone before it was told.
      const wasStopped = stops.some(
        (stop) => stop.atMs >= (atMs ?? 0) && stop.atMs < (atMs ?? 0) + WRITING_MS,
      );
      if (atMs === undefined || wasStopped || toldDelivered || expectedEvents.toldDropped.has(id)) continue;
      throw new Error(`${page.name} was never told what became of ${id}`);
    }
  }
}

/**
 * Of one page, in the order of its calls. Not so when the page has left or was hidden (what it sends with its last breath
 * passes by what is in flight), when IndexedDB failed (what waits in memory passes by what only the next page can
 * read), and when another page took its place meanwhile.
 */
function checkOrder({ tabs, plan }: World): void {
  if (plan.diskFails) return;
  for (const { page, disturbed, calls } of tabs) {
    if (disturbed) continue;
    let latest = -1;
    for (const { n, arrived } of calls) {
      if (arrived === undefined) continue;
      if (arrived < latest) throw new Error(`Call ${n} of ${page.name} has arrived too late`);
      latest = arrived;
    }
  }
}

/**
 * Only what nobody is known to have received is sent again: the answer was lost, or the page that had heard it was stopped
 * before it could write that down.
 */
function checkRepeats({
  expectedEvents,
  plan,
  origin,
  stops,
  departed,
  inMemory,
  wasFrozen,
  wasStuck,
}: World): void {
  // Without a channel no page knows what another one has delivered.
  if (plan.diskFails || wasStuck || !plan.channel) return;
  // Who comes back, or is frozen with a lifeboat in its hands, may not know what has become of it.
  const isInDoubt = (id: string): boolean => {
    const { saved, cameBack } = expectedEvents.call(id) ?? {};
    return Boolean(saved && (cameBack || wasFrozen));
  };
  const known = new Map<string, number>();
  for (const { page, batch, atMs, accepted, heard, namedAtMs } of origin.network.sent) {
    for (const { messageId } of batch) {
      const since = known.get(messageId);
      if (since !== undefined && atMs > since + WRITING_MS && !isInDoubt(messageId))
        throw new Error(`${page} has sent ${messageId}, which had arrived for sure`);
    }
    // A page that has left in order has said which events these were, and the next one looks for the cookie.
    const leftAtMs = departed.get(page) ?? Number.NEGATIVE_INFINITY;
    const isNoted =
      plan.text === 'there' && !plan.clears && !plan.withdraws && !plan.jumps && !inMemory.has(page);
    if (isNoted && namedAtMs !== undefined && namedAtMs > leftAtMs && namedAtMs < leftAtMs + NOTED_MS)
      for (const { messageId } of batch) known.set(messageId, namedAtMs);
    if (!accepted || !heard || inMemory.has(page)) continue;
    const wasStopped = stops.some(
      (stop) => stop.page === page && stop.atMs >= heard.atMs && stop.atMs < heard.atMs + WRITING_MS,
    );
    if (!wasStopped) for (const { messageId } of batch) known.set(messageId, heard.atMs);
  }
}

/** An event is given up only for the reason that is told. */
function checkReasons({ expectedEvents, plan, origin }: World): void {
  const alone = new Map<string, SentRequest[]>();
  for (const request of origin.network.sent) {
    const [only, ...more] = request.batch;
    if (only && !more.length) alone.set(only.messageId, [...(alone.get(only.messageId) ?? []), request]);
  }
  const { maxEvents = 10_000, maxAgeMs = 0 } = plan.options.outbox ?? {};
  for (const [id, { reason, atMs }] of expectedEvents.toldDropped) {
    const call = expectedEvents.call(id);
    const tries = alone.get(id) ?? [];
    const refused = tries.filter(
      ({ heard }) => heard && heard.answer.status >= 400 && heard.answer.status < 500,
    );
    const lost = tries.filter(({ heard, failed }) => failed || (heard && heard.answer.status >= 500));
    const isRight = {
      'before-send': call?.expected.event === 'private',
      'too-large': refused.some(({ heard }) => heard?.answer.status === 413) || isTooLarge(call),
      rejected: refused.length > 0 || lost.length >= 3,
      'outbox-full': maxEvents < 10_000,
      expired: plan.jumps || (call && atMs - call.atMs > maxAgeMs),
      consent: plan.withdraws,
      'invalid-options': false,
      invalid: false,
      storage: plan.rots || plan.clears,
    }[reason];
    if (!isRight) throw new Error(`${id} was dropped as ${reason}`);
  }
}

/** As far as it is known how large it was. */
const isTooLarge = (call: Call | undefined): boolean =>
  call?.expected.given === undefined ||
  Buffer.byteLength(JSON.stringify(call.expected.given)) > MAX_EVENT_BYTES - 1_000;
