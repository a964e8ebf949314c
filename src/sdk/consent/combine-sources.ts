import type { ConsentDecision, ConsentSource } from './source.ts';

/**
 * Follows several sources as one: one denial denies, and a grant needs all sources that can grant. A source that throws has no
 * decision, so consent stays pending where the grant needs it.
 * @returns a function that stops following
 */
export function combineSources(
  sources: readonly ConsentSource[],
  tell: (decision: ConsentDecision) => void,
  onFailure: (source: string, cause: unknown) => void,
): () => void {
  const stops: (() => void)[] = [];
  let isFollowing = false;
  // The last decision of each source. A decision that `subscribe` reports counts also where `get` returns none.
  const decisions: (ConsentDecision | undefined)[] = [];

  function look(): void {
    if (!isFollowing) return;
    const isDenied = decisions.some((decision) => decision?.state === 'denied');
    const isGranted = sources.every(({ onlyDenies }, i) => onlyDenies || decisions[i]?.state === 'granted');
    if (!isDenied && !isGranted) return;
    // A category is on where no source that has this category says that it is off.
    const categories: Record<string, boolean> = {};
    for (const decision of decisions)
      for (const [name, isOn] of Object.entries(decision?.categories ?? {}))
        categories[name] = isOn === true && categories[name] !== false;
    tell({ state: isDenied ? 'denied' : 'granted', categories });
  }

  for (const [i, source] of sources.entries()) {
    try {
      stops.push(
        source.subscribe((decision) => {
          decisions[i] = decision;
          look();
        }),
      );
      decisions[i] ??= source.get();
    } catch (cause) {
      onFailure(source.name, cause);
    }
  }
  // After all sources are read: one source may grant at once, and another deny.
  isFollowing = true;
  look();

  return () => {
    isFollowing = false;
    stops.forEach((stop) => stop());
  };
}
