import type { Categories } from '../events.ts';
import { inBrowser, noStop, type Stop, printer } from './platform-page.ts';

/** A decision of the visitor. */
export interface ConsentDecision {
  /** Whether the visitor agrees. */
  readonly state: 'granted' | 'denied';
  /**
   * Which categories are on. The SDK puts them on each event as `context.consent.categoryPreferences`. Missing where the source has no
   * categories.
   */
  readonly categories?: Categories;
}

/**
 * A source of the visitor's consent, for the option `consent` of `createAnalytics`: one of `cio-first-party/consent`, or an object of
 * your own.
 */
export interface ConsentSource {
  /** Name of the source, for messages. */
  readonly name: string;
  /**
   * Whether the source can only deny. While such a source has no decision, the other sources alone decide about a grant.
   * @default false
   */
  readonly onlyDenies?: boolean;
  /** Returns the current decision, or undefined as long as there is none. Must not throw. */
  get(): ConsentDecision | undefined;
  /**
   * Calls `listener` with each decision that differs from the one before. The returned function stops these calls, and removes
   * everything that the source has added to the page.
   */
  subscribe(listener: (decision: ConsentDecision) => void): () => void;
}

/** Runs code that the platform calls later and that may throw. The first failure is one warning on the console. */
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
 * Makes a source of functions that may throw. After a failure the last decision stays, and the first failure is one warning on the
 * console. A grant that is withdrawn without another decision becomes a denial.
 */
export function createSource({ name, onlyDenies = false, decide, watch }: SourceNeeds): ConsentSource {
  const listeners = new Set<() => void>();
  let latest: ConsentDecision | undefined;
  let unwatch: Stop | undefined;
  let hasFailed = false;

  function attempt<T>(act: () => T, otherwise?: T): T | undefined {
    try {
      return act();
    } catch (cause) {
      if (!hasFailed)
        printer().warn(
          `cio-first-party: the consent source "${name}" threw an error; its decision stays:`,
          cause,
        );
      hasFailed = true;
      return otherwise;
    }
  }

  function get(): ConsentDecision | undefined {
    const former = latest;
    const decided = attempt(decide, former);
    latest = decided ?? (former?.state === 'granted' ? { state: 'denied' } : former);
    return latest;
  }

  function changed(): void {
    for (const look of [...listeners]) if (listeners.has(look)) look();
  }

  function stopWatching(): void {
    const stop = unwatch;
    unwatch = undefined;
    if (stop) attempt(stop);
  }

  return {
    name,
    onlyDenies,
    get,
    subscribe(listener) {
      if (!inBrowser()) return noStop;
      let reported = textOf(get());
      const look = (): void => {
        const decision = get();
        const text = textOf(decision);
        if (!decision || text === reported) return;
        reported = text;
        attempt(() => listener(decision));
      };
      listeners.add(look);
      if (listeners.size === 1) {
        unwatch = attempt(() => watch(changed, (act) => attempt(act)));
        // The platform may call back within `watch`, and a listener may stop at that moment.
        if (!listeners.size) stopWatching();
      }
      return () => {
        if (listeners.delete(look) && !listeners.size) stopWatching();
      };
    },
  };
}

/** Converts a decision to text, which is the same for equal decisions. */
function textOf(decision: ConsentDecision | undefined): string {
  return JSON.stringify([
    decision?.state,
    Object.entries({ ...decision?.categories })
      .map(String)
      .sort(),
  ]);
}
