/** Makes a source of a platform with categories: which of them a grant needs, and which purposes they open. */
import { SdkError } from '../../protocol/errors.ts';
import type { Categories } from '../events.ts';
import type { Stop } from './platform-page.ts';
import { type Attempt, type ConsentDecision, type ConsentSource, createSource } from './source.ts';

export interface SourceOptions<Category extends string = string> {
  /** Categories of the platform that must all be on for `granted`. The default is in the description of each source. */
  readonly require?: readonly Category[];
  /**
   * What the categories open: `{ analytics: ['C0002'], messaging: ['C0002', 'C0004'] }`. A purpose is on when all its categories
   * are; `analytics` opens events, `messaging` private calls, and any other name is yours. One of these two is enough for
   * `granted`, if there is no `require`; the one that is not named needs what `granted` needs otherwise. These become the
   * categories of the decision. @default each category under its own name
   */
  readonly purposes?: Readonly<Record<string, readonly Category[]>>;
}

/** What a platform says: which categories are on. */
export interface PlatformReading {
  readonly categories: Categories;
  /** More that `require` and `purposes` may name, as vendors and services. */
  readonly more?: Categories;
}

/** `not-required`: nobody has to agree, where this visitor is. Undefined: nothing is decided yet. */
export type PlatformAnswer = PlatformReading | 'not-required' | undefined;

export interface PlatformNeeds {
  readonly name: string;
  readonly options: SourceOptions;
  /** What `granted` needs where the options do not say so. `all`: every category. */
  readonly required: readonly string[] | 'all';
  read(): PlatformAnswer;
  watch(changed: () => void, attempt: Attempt): Stop;
}

export function createPlatformSource(needs: PlatformNeeds): ConsentSource {
  const { name, options, required, read, watch } = needs;
  const { purposes } = options;
  if (options.require) checkNames(`${name}.require`, options.require);
  for (const [purpose, names] of Object.entries(purposes ?? {})) {
    checkNames(`${name}.purposes.${purpose}`, names);
  }

  function purposesWhere(isOn: (category: string) => boolean, needed: readonly string[]): Categories {
    const entries = Object.entries({ analytics: needed, messaging: needed, ...purposes });
    return Object.fromEntries(entries.map(([purpose, names]) => [purpose, names.every(isOn)]));
  }

  function decide(): ConsentDecision | undefined {
    const answer = read();
    if (answer === 'not-required') {
      return { state: 'granted', ...(purposes ? { categories: purposesWhere(() => true, []) } : {}) };
    }
    if (!answer || !Object.keys(answer.categories).length) return undefined;
    const { categories, more } = answer;
    const isOn = (category: string): boolean => (categories[category] ?? more?.[category]) === true;
    const needed = options.require ?? (required === 'all' ? Object.keys(categories) : required);
    const chosen = purposes ? purposesWhere(isOn, needed) : categories;
    const byPurpose = purposes && !options.require;
    const isGranted = byPurpose ? chosen['analytics'] || chosen['messaging'] : needed.every(isOn);
    return { state: isGranted ? 'granted' : 'denied', categories: chosen };
  }

  return createSource({ name, decide, watch });
}

/** An empty list would agree to everything. */
function checkNames(option: string, names: unknown): void {
  const areNames =
    Array.isArray(names) && names.length && names.every((each) => typeof each === 'string' && each !== '');
  if (areNames) return;
  throw new SdkError(
    'invalid-options',
    `"${option}" must be a list of at least one name, got ${JSON.stringify(names)}`,
  );
}
