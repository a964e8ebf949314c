import { clock, onDeparture } from '../browser.ts';
import type { CoreParts } from './parts.ts';

/** The state of a page while a navigation has begun, which may fail. Few browsers need this file, and load it. */
export interface Departure {
  /** Whether this page was the leader when the navigation began. */
  led(): boolean;
  /** Called when the page is left, or will certainly stay. */
  end(): void;
}

/** A navigation that has not replaced the page by then was a download, or the visitor has stayed. */
const STAYS_MS = 10_000;

/**
 * Lets go of the leader lock as a navigation begins: Firefox keeps no page in its back/forward cache that holds a Web Lock then,
 * although the page lets go of it when it is left.
 *
 * @param leads whether this tab is the one that sends
 */
export function createDeparture(
  { leader }: Pick<CoreParts, 'leader'>,
  leads: () => boolean,
  ending: AbortSignal,
): Departure {
  let hasLed = false;
  let stopWaiting: (() => void) | undefined;

  function end(): void {
    stopWaiting?.();
    hasLed = false;
  }

  onDeparture(() => {
    // The SDK may have been closed in the task in which the navigation began.
    if (ending.aborted) return;
    hasLed ||= leads();
    leader().leave();
    stopWaiting?.();
    stopWaiting = clock.after(STAYS_MS, () => {
      hasLed = false;
      leader().join();
    });
  }, ending);

  return { led: () => hasLed, end };
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createDeparture as create };
