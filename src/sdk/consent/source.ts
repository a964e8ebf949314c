import type { Categories } from '../events.ts';
import { inBrowser, noStop, type Stop, warnInConsole } from './platform-page.ts';

/** What a visitor has decided. */
export interface ConsentDecision {
  readonly state: 'granted' | 'denied';
  /** Which categories are on, where the platform has categories: `context.consent.categoryPreferences`. */
  readonly categories?: Categories;
}

/** Who knows whether the visitor has agreed. */
export interface ConsentSource {
  readonly name: string;
  /** It may deny and never grants: as long as it says nothing, it stands in nobody's way. @default false */
  readonly onlyDenies?: boolean;
  /** The decision as it is now; undefined as long as there is none. Never throws. */
  get(): ConsentDecision | undefined;
  /** Tells of each decision that differs from the one before. The answer stops it, and leaves nothing on the page. */
  subscribe(listener: (decision: ConsentDecision) => void): () => void;
}

/** Runs what may throw, of whatever the platform calls later; tells of it once. */
export type Attempt = (act: () => void) => void;

export interface SourceNeeds {
  readonly name: string;
  readonly onlyDenies?: boolean;
  /** Reads the decision. May throw. */
  decide(): ConsentDecision | undefined;
  /** Calls `changed` whenever the decision may be another one. May throw. */
  watch(changed: () => void, attempt: Attempt): Stop;
}

/**
 * Makes a source of something that may fail: what throws says nothing new, and is told once. A grant that is taken back
 * without another decision is a denial.
 */
export function createSource({ name, onlyDenies = false, decide, watch }: SourceNeeds): ConsentSource {
  const listeners = new Set<() => void>();
  let known: ConsentDecision | undefined;
  let unwatch: Stop | undefined;
  let hasFailed = false;

  function attempt<T>(act: () => T, otherwise: T): T {
    try {
      return act();
    } catch (cause) {
      if (!hasFailed)
        warnInConsole(`cio-first-party: the consent source "${name}" has failed and says nothing:`, cause);
      hasFailed = true;
      return otherwise;
    }
  }

  function get(): ConsentDecision | undefined {
    const former = known;
    const decided = attempt(decide, former);
    known = decided ?? (former?.state === 'granted' ? { state: 'denied' } : former);
    return known;
  }

  function changed(): void {
    for (const look of [...listeners]) if (listeners.has(look)) look();
  }

  function stopWatching(): void {
    const stop = unwatch;
    unwatch = undefined;
    if (stop) attempt(stop, undefined);
  }

  return {
    name,
    onlyDenies,
    get,
    subscribe(listener) {
      if (!inBrowser()) return noStop;
      let told = textOf(get());
      const look = (): void => {
        const decision = get();
        const text = textOf(decision);
        if (!decision || text === told) return;
        told = text;
        attempt(() => listener(decision), undefined);
      };
      listeners.add(look);
      if (listeners.size === 1) {
        unwatch = attempt(() => watch(changed, (act) => attempt(act, undefined)), undefined);
        // A listener may stop while the platform answers at once.
        if (!listeners.size) stopWatching();
      }
      return () => {
        if (listeners.delete(look) && !listeners.size) stopWatching();
      };
    },
  };
}

/** The same for decisions that say the same. */
function textOf(decision: ConsentDecision | undefined): string {
  const categories = Object.entries(decision?.categories ?? {}).sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  return JSON.stringify([decision?.state, categories]);
}
