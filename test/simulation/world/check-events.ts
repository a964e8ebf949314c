import { MAX_EVENT_BYTES } from '../../../src/protocol/wire.ts';
import type { Call } from './expected-events.ts';
import type { SentRequest } from './network.ts';
import type { World } from './world.ts';

/** Checks the final state of every event when a world has ended. */
export function checkEvents(world: World): void {
  checkPromises(world);
  checkTold(world);
  checkOrder(world);
  checkRepeats(world);
  checkReasons(world);
}

/** The longest time that the SDK needs to store that events were delivered, while the disk works. */
const WRITING_MS = 1_000;
/** The next page waits so long for responses to the last requests of a page that has left. */
const NOTED_MS = 4_000;

/**
 * Checks that every event that was stored, or saved when its page left, was delivered, dropped for a reason,
 * or deleted by the visitor.
 */
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
    // With memory storage, a lifeboat holds only the events that were about to be stored in memory.
    const isPromised = receipt?.state === 'stored' || (saved && plan.options.outbox?.storage !== 'memory');
    if (isPromised || (living.has(page) && !closed))
      throw new Error(
        `Call ${n} of ${page} is lost: ${id} ${JSON.stringify(receipt)} ${saved ? 'saved' : ''}`,
      );
  }
}

/**
 * Checks that a page that was open all the time has reported the delivery of its events, whichever page has
 * sent them.
 */
function checkTold({ expectedEvents, tabs, origin, plan, stops }: World): void {
  if (!plan.channel || plan.withdraws) return;
  const known = new Map<string, number>();
  for (const { accepted, heard, batch } of origin.network.sent)
    if (accepted && heard) for (const { messageId } of batch) known.set(messageId, heard.atMs);
  for (const { calls, disturbed, page } of tabs) {
    if (disturbed) continue;
    for (const { id = '', toldDelivered } of calls) {
      const atMs = known.get(id);
      // The page that had the response may have been stopped before it could tell the other pages.
      const wasStopped = stops.some(
        (stop) => stop.atMs >= (atMs ?? 0) && stop.atMs < (atMs ?? 0) + WRITING_MS,
      );
      if (atMs === undefined || wasStopped || toldDelivered || expectedEvents.toldDropped.has(id)) continue;
      throw new Error(`${page.name} was never told what became of ${id}`);
    }
  }
}

/**
 * Checks that the events of one page arrive in the order of its calls. Three cases are excluded: the page has
 * left or was hidden (its last requests can arrive before requests that are in flight), IndexedDB failed
 * (events in memory can arrive before stored events that only the next page can read), and another page took
 * over in between.
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
 * Checks that an event is sent again only while no page knows that it arrived: the response was lost, or the
 * page that had the response was stopped before it could store that.
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
  // Without a BroadcastChannel a page does not know what another page has delivered.
  if (plan.diskFails || wasStuck || !plan.channel) return;
  // A page that comes back from the back/forward cache, or was frozen while it held the events of a lifeboat,
  // may not know that they were delivered.
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
    // A page that has left without a crash has recorded the events of its last requests, and the next page
    // looks for the cookie of the response.
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

/** Checks that an event was dropped only for the reason that the SDK has reported. */
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

/** Returns true also when the size of the event is not known. */
const isTooLarge = (call: Call | undefined): boolean =>
  call?.expected.given === undefined ||
  Buffer.byteLength(JSON.stringify(call.expected.given)) > MAX_EVENT_BYTES - 1_000;
