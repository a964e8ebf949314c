import { lifecycle, local, needsDeparture, onStorageChange } from '../browser.ts';
import type { Departure } from './departure.ts';
import { handOver } from './other-tabs.ts';
import type { CoreParts } from './parts.ts';

/**
 * Follows what becomes of the events of a page that is hidden, left or frozen, and comes back. Returns a function to be called
 * when an event was kept: if the page is being left, the event goes out, or into the lifeboat, with the others of its task.
 *
 * @param scope the beginning of all keys in localStorage
 * @param leads whether this tab is the one that sends
 * @param cutOff aborts the transactions that are under way
 * @param onStorage called when another tab has changed localStorage
 */
export function createPageLife(
  parts: CoreParts,
  scope: string,
  leads: () => boolean,
  cutOff: () => void,
  onStorage: (key: string | null) => void,
  ending: AbortSignal,
): () => void {
  const { leader, lifeboat, outbox, sender, tabs, visitor } = parts;
  /** Whether this page was the leader when it was left; its own handlers may still track. */
  let ledAtEnd: boolean | undefined;
  let departure: Departure | undefined;
  let late: Promise<void> | undefined;

  /** Sends the events that are neither stored nor sent, as far as there is room for them, and puts the others into the lifeboat. */
  function sayLastWords(): void {
    late = undefined;
    const unsaved = outbox.unsaved();
    sender.leaving(unsaved, false, ledAtEnd);
    // A transaction that has not ended would hold up the next page: WebKit keeps it as it keeps this page, for going back.
    if (outbox.leave(lifeboat.save(unsaved))) cutOff();
  }

  /** Lets go of lock and channel, which keep a page out of the back/forward cache. */
  function stepBack(): void {
    departure?.end();
    leader().leave();
    tabs.leave();
  }

  /** Whether nothing is kept of this site yet: then no other tab can be the leader, although the browser has not said so. */
  const isFirst = (): boolean => !local.keys().some((key) => key.startsWith(`${scope}:`));

  function comeBack(): void {
    ledAtEnd = undefined;
    tabs.join();
    leader().join();
    visitor.reload();
    // Other tabs may have sent what this one knew of.
    sender.settled(sender.unsettled().map(({ id }) => id));
    void outbox
      .comeBack(!lifeboat.isThere())
      .then(outbox.refresh)
      .then(() => {
        // The only other place of unsaved events may be the memory of this page.
        if (!outbox.unsaved().length) lifeboat.clearOwn();
      });
  }

  lifecycle.on(
    'hide',
    () => {
      sender.leaving(outbox.unsaved());
      void handOver(parts);
    },
    ending,
  );
  lifecycle.on(
    'show',
    () => {
      visitor.reload();
      void outbox.refresh(); // IndexedDB may work again
    },
    ending,
  );
  onStorageChange((key) => {
    visitor.reload();
    onStorage(key);
  }, ending);
  if (needsDeparture())
    void import('./departure.ts').then(
      ({ create }) => (departure = create(parts, leads, ending)),
      () => {}, // Going back loads the page anew.
    );
  lifecycle.on(
    'leave',
    () => {
      ledAtEnd = departure?.led() || leads() || isFirst();
      sayLastWords();
      stepBack();
    },
    ending,
  );
  lifecycle.on('freeze', stepBack, ending);
  lifecycle.on('return', comeBack, ending);
  lifecycle.on('resume', comeBack, ending);

  ending.addEventListener('abort', stepBack);

  return () => {
    // All calls of one handler of the page go together.
    if (ledAtEnd !== undefined) late ??= Promise.resolve().then(sayLastWords);
  };
}
