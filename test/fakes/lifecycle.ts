import type { Lifecycle, LifecycleEvent } from '../../src/sdk/browser.ts';

/** A page that goes and comes when it is told to. */
export interface FakeLifecycle extends Lifecycle {
  happen(moment: LifecycleEvent): void;
  setOnline(online: boolean): void;
  listeners(): number;
}

export function fakeLifecycle(): FakeLifecycle {
  const listeners = new Set<{ readonly moment: LifecycleEvent; readonly run: () => void }>();
  let online = true;
  let hidden = false;
  return {
    online: () => online,
    hidden: () => hidden,
    on(moment, run) {
      const listener = { moment, run };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    happen(moment) {
      if (moment === 'hide' || moment === 'show') hidden = moment === 'hide';
      for (const listener of [...listeners]) if (listener.moment === moment) listener.run();
    },
    setOnline: (now) => void (online = now),
    listeners: () => listeners.size,
  };
}
