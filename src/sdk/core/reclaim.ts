import type { EventCounter } from '../outbox/stats.ts';
import type { Clock, Lifecycle, TextStore } from '../browser.ts';
import { serialize } from '../event/serialize.ts';
import { type PersistedEvent, readPersistedQueue } from '../customerio/persisted-queue.ts';
import type { DropReason } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { OutboxEvent } from '../outbox/contract.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { idsWithoutRoom, readLifeboats } from '../outbox/lifeboat-reader.ts';
import type { Sender } from '../sender/contract.ts';
import { awaitDepartedRequests, type DepartedNeeds } from '../sender/departed-requests.ts';

/** The needs of {@link reclaim}. This file is loaded only where other pages have left events in localStorage, which is rare. */
export interface ReclaimNeeds {
  readonly local: TextStore;
  readonly lifecycle: Pick<Lifecycle, 'on'>;
  /** Aborts when the SDK is closed or consent is withdrawn. */
  readonly ending: AbortSignal;
  readonly scope: string;
  /** Id of this page. Its own lifeboat is not taken over. */
  readonly page: string;
  readonly clock: Clock;
  readonly outbox: Pick<Outbox, 'adopt' | 'ledger' | 'oldest' | 'storage' | 'unsaved'>;
  readonly sender: Pick<Sender, 'acknowledge' | 'hasSettled' | 'hold'>;
  readonly settings: Pick<AnalyticsSettings, 'beforeSend' | 'outbox'>;
  readonly eventCounter: Pick<EventCounter, 'begin'>;
  readonly jar: DepartedNeeds['jar'];
  drop(id: string, reason: DropReason): void;
}

const PERSISTED = /^persisted-queue:v1:(event-queue|dest-Customer\.io-Data-Pipelines):/;

// The ids that each outbox has taken over. With an outbox in memory the keys stay in localStorage for as long as the page lives, and
// their events are delivered meanwhile: they must not be taken over again.
const takenBy = new WeakMap<object, Set<string>>();

/**
 * Takes the events that other pages have left in localStorage into the outbox, and deletes them from localStorage only when they are
 * safe there. Returns a function that the caller calls when these events have been sent; undefined where no page has left anything.
 */
export async function reclaim(needs: ReclaimNeeds): Promise<(() => void) | undefined> {
  const { local, lifecycle, ending, scope, page, outbox, sender, settings } = needs;
  // The SDK was closed, or consent was withdrawn, while this file was loaded.
  if (ending.aborted) return undefined;
  const keys = local.keys();
  const taken = takenBy.get(outbox) ?? new Set();
  takenBy.set(outbox, taken);
  const lifeboats = keys.filter((key) => key.startsWith(`${scope}:lifeboat:`) && !key.endsWith(page));
  // Segment's SDK keeps its events under one of the same keys.
  const isShared = keys.some((key) => key.includes('Segment.io'));
  const persisted = keys.filter((key) => PERSISTED.test(key) && !(isShared && key.includes('event-queue')));
  // The texts are compared later: a page that comes back may write its key again, and then the key must stay.
  const texts = new Map([...lifeboats, ...persisted].map((key) => [key, local.get(key)]));
  const foreign = persisted
    .filter((key) => key.endsWith(':items'))
    .flatMap((key) => readPersistedQueue(local.get(key)))
    .filter(({ id }) => !taken.has(id))
    .flatMap((event) => toOutboxEvent(needs, event));
  // An event may be in two lifeboats: a page that could not store the events it took over has put them into its own one, too.
  const leftEvents = [...foreign, ...readLifeboats(lifeboats.map(local.get))];
  const events = [...new Map(leftEvents.map((event) => [event.id, event])).values()];
  // The page that has left may have written an event without learning of it, and this event may be sent already.
  await outbox.adopt(events.filter(({ id }) => !taken.has(id) && !sender.hasSettled(id)));
  for (const { id } of events) taken.add(id);
  await countLost(needs, idsWithoutRoom(lifeboats.map((key) => texts.get(key) ?? null)));
  // Deleted before the next wait: a page that comes back meanwhile must see that its events are taken over.
  removeIfSafe();
  await awaitDepartedRequests(needs);
  if (!texts.size) return undefined;
  return () => {
    removeIfSafe();
    // Events in memory are not safe before this page has saved them in its own lifeboat, when it is left.
    if (outbox.storage() === 'memory' && !ending.aborted) lifecycle.on('leave', removeIfSafe, ending);
  };

  function removeIfSafe(): void {
    const isSaved = outbox.storage() === 'indexeddb' || !outbox.ledger().bytes;
    // Where the application wants storage in memory, this page puts no events into a lifeboat.
    if (!isSaved && settings.outbox.storage === 'memory') return;
    const own = new Set(readLifeboats([local.get(`${scope}:lifeboat:${page}`)]).map(({ id }) => id));
    const unsafe = new Set(outbox.unsaved().flatMap(({ id }) => (own.has(id) ? [] : id)));
    if (events.every(({ id }) => !unsafe.has(id)))
      for (const [key, text] of texts) if (local.get(key) === text) local.remove(key);
  }
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { reclaim as create };

const ALL = { maxEvents: Infinity, maxBytes: Infinity };

/** Counts events for which a lifeboat had no room as dropped, if they are not in IndexedDB either. */
async function countLost(
  { outbox, sender, eventCounter, drop }: ReclaimNeeds,
  ids: readonly string[],
): Promise<void> {
  if (!ids.length) return;
  const taken = takenBy.get(outbox);
  const waiting = new Set((await outbox.oldest(ALL)).map(({ id }) => id));
  // A store in memory does not know which events are in IndexedDB.
  if (outbox.storage() === 'memory') return;
  for (const id of ids) {
    if (waiting.has(id) || sender.hasSettled(id) || taken?.has(id)) continue;
    taken?.add(id);
    eventCounter.begin(id);
    drop(id, 'storage');
  }
}

/** Returns the event in the form of the outbox; nothing, and counts the event as dropped, if it cannot be sent. */
function toOutboxEvent(
  { clock, outbox, settings, eventCounter, drop }: ReclaimNeeds,
  { id, at = clock.now(), draft }: PersistedEvent,
): readonly OutboxEvent[] {
  const captured = serialize(id, at, draft, settings.beforeSend);
  if (captured.kind === 'event') return [captured.event];
  takenBy.get(outbox)?.add(id);
  eventCounter.begin(id);
  drop(id, captured.reason);
  return [];
}
