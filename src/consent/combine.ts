import { nothing } from './page.ts';
import { type ConsentDecision, type ConsentSource, createSource } from './source.ts';

/**
 * Makes one source of several: one denial denies, and a grant needs all of them. Those that can only deny, as Global Privacy
 * Control, are not waited for, and alone they never grant.
 *
 * @example
 * const visitor = combine([oneTrust(), globalPrivacyControl()]);
 * const stop = visitor.subscribe(({ state }) => console.log(state));
 */
export function combine(sources: readonly ConsentSource[]): ConsentSource {
  // What a source has told holds also where its `get` does not know it.
  const told = new Map<ConsentSource, ConsentDecision>();
  const parts = sources.map((source) => ({
    isDeciding: source.onlyDenies !== true,
    source: safe(source, told),
  }));

  function decide(): ConsentDecision | undefined {
    const decisions = parts.map(({ isDeciding, source }) => ({ isDeciding, decision: source.get() }));
    const isDenied = decisions.some(({ decision }) => decision?.state === 'denied');
    const deciding = decisions.filter(({ isDeciding }) => isDeciding);
    const isGranted = deciding.length > 0 && deciding.every(({ decision }) => decision?.state === 'granted');
    if (!isDenied && !isGranted) return undefined;
    const categories = merged(decisions.map(({ decision }) => decision?.categories ?? {}));
    const hasCategories = Object.keys(categories).length > 0;
    return { state: isDenied ? 'denied' : 'granted', ...(hasCategories ? { categories } : {}) };
  }

  return createSource({
    name: sources.map(({ name }) => name).join(' + '),
    onlyDenies: parts.every(({ isDeciding }) => !isDeciding),
    decide,
    watch(changed) {
      const stops = parts.map(({ source }) => source.subscribe(changed));
      return () => {
        for (const stop of stops) stop();
      };
    },
  });
}

/** A source that others have written, which may throw, and may answer anything. */
function safe(source: ConsentSource, told: Map<ConsentSource, ConsentDecision>): ConsentSource {
  return createSource({
    name: source.name,
    decide: () => asDecision(source.get()) ?? told.get(source),
    watch(changed) {
      const stop: unknown = source.subscribe((value) => {
        const decision = asDecision(value);
        if (decision) told.set(source, decision);
        changed();
      });
      return typeof stop === 'function' ? (stop as () => void) : nothing;
    },
  });
}

const asDecision = (value: ConsentDecision | undefined): ConsentDecision | undefined =>
  value?.state === 'granted' || value?.state === 'denied' ? value : undefined;

/** A category is on where nobody who has it says that it is off. */
function merged(all: readonly Readonly<Record<string, boolean>>[]): Readonly<Record<string, boolean>> {
  const result: Record<string, boolean> = {};
  for (const categories of all) {
    for (const [name, isOn] of Object.entries(categories))
      result[name] = isOn === true && result[name] !== false;
  }
  return result;
}
