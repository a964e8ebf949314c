import type { ConsentDecision, ConsentSource } from './source.ts';

/**
 * Follows several sources as one: one denial denies, and a grant needs all that can grant. A source that throws says nothing,
 * so what needs it waits.
 */
export function combineSources(
  sources: readonly ConsentSource[],
  tell: (decision: ConsentDecision) => void,
  onFailure: (source: string, cause: unknown) => void,
): () => void {
  const stops: (() => void)[] = [];
  let isFollowing = false;
  // What was told holds also where `get` does not know it.
  const said: (ConsentDecision | undefined)[] = [];

  function look(): void {
    if (!isFollowing) return;
    const isDenied = said.some((decision) => decision?.state === 'denied');
    const isGranted = sources.every(({ onlyDenies }, i) => onlyDenies || said[i]?.state === 'granted');
    if (!isDenied && !isGranted) return;
    // A category is on where nobody who has it says that it is off.
    const categories: Record<string, boolean> = {};
    for (const decision of said)
      for (const [name, isOn] of Object.entries(decision?.categories ?? {}))
        categories[name] = isOn === true && categories[name] !== false;
    tell({ state: isDenied ? 'denied' : 'granted', categories });
  }

  for (const [i, source] of sources.entries()) {
    try {
      stops.push(
        source.subscribe((decision) => {
          said[i] = decision;
          look();
        }),
      );
      said[i] ??= source.get();
    } catch (cause) {
      onFailure(source.name, cause);
    }
  }
  // Not before: one may grant at once what another denies.
  isFollowing = true;
  look();

  return () => {
    isFollowing = false;
    for (const stop of stops) stop();
  };
}
