import type { Lifecycle, LifecycleEvent } from '../../src/sdk/browser.ts';

/** `depart`: a navigation begins. Only some browsers report that. */
export type PageEvent = LifecycleEvent | 'depart';

/** A page whose lifecycle events happen when a test calls `happen`. */
export interface FakeLifecycle extends Lifecycle {
  onDeparture(run: () => void, ending: AbortSignal): void;
  happen(moment: PageEvent): void;
  setOnline(online: boolean): void;
  listeners(): number;
}

export function fakeLifecycle(): FakeLifecycle {
  const listeners = new Set<{ readonly moment: PageEvent; readonly run: () => void }>();
  let online = true;
  let hidden = false;

  function on(moment: PageEvent, run: () => void, ending: AbortSignal): void {
    if (ending.aborted) return;
    const listener = { moment, run };
    listeners.add(listener);
    ending.addEventListener('abort', () => listeners.delete(listener));
  }

  return {
    online: () => online,
    hidden: () => hidden,
    on,
    onDeparture: (run, ending) => on('depart', run, ending),
    happen(moment) {
      if (moment === 'hide' || moment === 'show') hidden = moment === 'hide';
      for (const listener of [...listeners]) if (listener.moment === moment) listener.run();
    },
    setOnline: (now) => void (online = now),
    listeners: () => listeners.size,
  };
}
