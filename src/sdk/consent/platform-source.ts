/** Makes a consent source of a platform that has categories: which categories a grant needs, and which purposes they allow. */
import { SdkError } from '../../protocol/errors.ts';
import type { Categories } from '../events.ts';
import type { Stop } from './platform-page.ts';
import { type Attempt, type ConsentDecision, type ConsentSource, createSource } from './source.ts';

/**
 * Options of a consent source with categories. A list of names must not be empty: the function of the source throws an `SdkError`
 * (`invalid-options`) otherwise.
 */
export interface SourceOptions<Category extends string = string> {
  /** Categories of the platform that must all be on for `granted`. @default described at the function of each source */
  readonly require?: readonly Category[];
  /**
   * Purposes, each with its categories: `{ analytics: ['C0002'], messaging: ['C0002', 'C0004'] }`. A purpose is on when all its
   * categories are on. `analytics` allows events, `messaging` allows private calls, and any other name is yours. Without `require`,
   * one of these two is enough for `granted`. One of the two that is not named here needs the categories of `require`, or of its
   * default. The purposes become the categories of the decision. @default each category under its own name
   */
  readonly purposes?: Readonly<Record<string, readonly Category[]>>;
}

/** The visitor's choices, as a platform has them: which categories are on. */
export interface PlatformReading {
  readonly categories: Categories;
  /** Vendors and services, which `require` and `purposes` may name too. */
  readonly more?: Categories;
}

/** `not-required`: this visitor does not have to agree, by the law of the region. Undefined: nothing is decided yet. */
export type PlatformAnswer = PlatformReading | 'not-required' | undefined;

export interface PlatformNeeds {
  readonly name: string;
  readonly options: SourceOptions;
  /** Default of the option `require`. `all`: every category. */
  readonly required: readonly string[] | 'all';
  /** Reads the visitor's choices from the platform. */
  read(): PlatformAnswer;
  /** Calls `changed` when the choices may have changed. */
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

/** Throws unless the option is a list of names. With an empty list, every decision would be a grant. */
function checkNames(option: string, names: unknown): void {
  const areNames =
    Array.isArray(names) && names.length && names.every((each) => typeof each === 'string' && each !== '');
  if (areNames) return;
  throw new SdkError(
    'invalid-options',
    `"${option}" must be a list of at least one name, got ${JSON.stringify(names)}`,
  );
}
