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

/** What other pages have left in localStorage: few pages find anything, and load this then. */
export interface ReclaimNeeds {
  readonly local: TextStore;
  readonly lifecycle: Pick<Lifecycle, 'on'>;
  /** Aborts when the SDK is closed or consent is withdrawn. */
  readonly ending: AbortSignal;
  readonly scope: string;
  /** The page that takes over, whose own lifeboat is its own affair. */
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

// In memory the keys stay for as long as the page does, and what they hold is delivered meanwhile.
const takenBy = new WeakMap<object, Set<string>>();

/** Takes it into the outbox, and deletes it only when it is safe there. The answer is to be called when it has been sent. */
export async function reclaim(needs: ReclaimNeeds): Promise<(() => void) | undefined> {
  const { local, lifecycle, ending, scope, page, outbox, sender, settings } = needs;
  // It ended while this was loaded.
  if (ending.aborted) return undefined;
  const keys = local.keys();
  const taken = takenBy.get(outbox) ?? new Set();
  takenBy.set(outbox, taken);
  const lifeboats = keys.filter((key) => key.startsWith(`${scope}:lifeboat:`) && !key.endsWith(page));
  // Segment's SDK keeps its events under one of the same keys.
  const isShared = keys.some((key) => key.includes('Segment.io'));
  const persisted = keys.filter((key) => PERSISTED.test(key) && !(isShared && key.includes('event-queue')));
  // A page that came back may write its own again meanwhile.
  const texts = new Map([...lifeboats, ...persisted].map((key) => [key, local.get(key)]));
  const foreign = persisted
    .filter((key) => key.endsWith(':items'))
    .flatMap((key) => readPersistedQueue(local.get(key)))
    .filter(({ id }) => !taken.has(id))
    .flatMap((event) => toOutboxEvent(needs, event));
  // A page that could not store what it took over has left it in a boat of its own, too.
  const left = [...foreign, ...readLifeboats(lifeboats.map(local.get))];
  const events = [...new Map(left.map((event) => [event.id, event])).values()];
  // What its page had just written, and did not know of yet, may be sent by now.
  await outbox.adopt(events.filter(({ id }) => !taken.has(id) && !sender.hasSettled(id)));
  for (const { id } of events) taken.add(id);
  await countLost(needs, idsWithoutRoom(lifeboats.map((key) => texts.get(key) ?? null)));
  // A page that comes back meanwhile must see that they are taken.
  removeIfSafe();
  await awaitDepartedRequests(needs);
  if (!texts.size) return undefined;
  return () => {
    removeIfSafe();
    // In memory they are no safer than with the page that has gone, until this page saves them in its turn.
    if (outbox.storage() === 'memory' && !ending.aborted) lifecycle.on('leave', removeIfSafe, ending);
  };

  function removeIfSafe(): void {
    const isSaved = outbox.storage() === 'indexeddb' || !outbox.ledger().bytes;
    // The page does not save what it was told to keep in memory.
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

/** A page had no room for these when it went. What IndexedDB does not have either is gone, and is counted. */
async function countLost(
  { outbox, sender, eventCounter, drop }: ReclaimNeeds,
  ids: readonly string[],
): Promise<void> {
  if (!ids.length) return;
  const taken = takenBy.get(outbox);
  const waiting = new Set((await outbox.oldest(ALL)).map(({ id }) => id));
  // Memory knows nothing of what waits in IndexedDB.
  if (outbox.storage() === 'memory') return;
  for (const id of ids) {
    if (waiting.has(id) || sender.hasSettled(id) || taken?.has(id)) continue;
    taken?.add(id);
    eventCounter.begin(id);
    drop(id, 'storage');
  }
}

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
