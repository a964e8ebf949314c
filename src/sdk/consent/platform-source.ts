/** Makes a consent source of a platform that has categories: which categories a grant needs, and which purposes they allow. */
import type { Categories } from '../events.ts';
import type { Stop } from './platform-page.ts';
import {
  names,
  namesByPurpose,
  type OptionKinds,
  printMistake,
  shown,
  silentSource,
  wrongOptions,
} from './source-mistakes.ts';
import { type Attempt, type ConsentDecision, type ConsentSource, createSource } from './source.ts';

/**
 * Options of a consent source with categories. For an unknown option, or a wrong value such as an empty list of names, the SDK logs
 * one `console.error`, and the source never grants and never denies. For names that the platform does not have, the SDK logs one
 * `console.error` as soon as the platform has returned its categories. Such names count as categories that are off.
 */
export interface SourceOptions<Category extends string = string> {
  /** Categories of the platform that must all be on for `granted`. @default described at the function of each source */
  readonly require?: readonly Category[];
  /**
   * Purposes, each with its categories: `{ analytics: ['C0002'], messaging: ['C0002', 'C0004'] }`. A purpose is on when all its
   * categories are on. `analytics` allows events, `messaging` allows private calls, and any other name has the meaning that your
   * application gives it. Without `require`, consent is `granted` as soon as `analytics` or `messaging` is on. If only one of the
   * two is listed here, the other one needs the categories of `require`, or of its default. The purposes become the categories of
   * the decision.
   * @default each category under its own name
   */
  readonly purposes?: Readonly<Record<string, readonly Category[]>>;
}

/** The visitor's choices, in the categories of a platform: which categories are on. */
export interface PlatformReading {
  readonly categories: Categories;
  /** Vendors and services, which `require` and `purposes` may name too. */
  readonly more?: Categories;
  /** Matches the ids that the reading contains only while they are on. Undefined: the reading always contains all ids. */
  readonly onlyOn?: RegExp | undefined;
}

/** `not-required`: this visitor does not have to agree, by the law of the region. Undefined: the visitor has not decided yet. */
export type PlatformAnswer = PlatformReading | 'not-required' | undefined;

export interface PlatformNeeds {
  readonly name: string;
  readonly options: SourceOptions;
  /** The options that the source has in addition to `require` and `purposes`. */
  readonly kinds?: OptionKinds;
  /** Default of the option `require`. `all`: every category. */
  readonly required: readonly string[] | 'all';
  /** Reads the visitor's choices from the platform. */
  read(): PlatformAnswer;
  /** Calls `changed` when the choices may have changed. */
  watch(changed: () => void, attempt: Attempt): Stop;
}

export function createPlatformSource(needs: PlatformNeeds): ConsentSource {
  const { name, options, kinds, required, read, watch } = needs;
  const silent = silentSource(
    name,
    wrongOptions(options, { require: names, purposes: namesByPurpose, ...kinds }),
  );
  if (silent) return silent;
  const { require, purposes } = options;
  const named = [require ?? [], Object.values(purposes ?? {})].flat(2);
  let isPrinted = false;

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
    const { categories, more, onlyOn } = answer;
    const choices: Categories = { ...categories, ...more };
    const ids = Object.keys(choices);
    const missing = named.filter((id) => !ids.includes(id) && !onlyOn?.test(id));
    if (missing.length && !isPrinted) {
      isPrinted = true;
      printMistake(name, `the platform has no ${shown(missing)}, only ${shown(ids, LONGEST_LIST)}; `);
    }
    const isOn = (id: string): boolean => choices[id] === true;
    const needed = require ?? (required === 'all' ? Object.keys(categories) : required);
    const chosen = purposes ? purposesWhere(isOn, needed) : categories;
    const byPurpose = purposes && !require;
    const isGranted = byPurpose ? chosen['analytics'] || chosen['messaging'] : needed.every(isOn);
    return { state: isGranted ? 'granted' : 'denied', categories: chosen };
  }

  return createSource({ name, decide, watch });
}

/** Most characters of the ids in a message: a platform may have hundreds of vendors. */
const LONGEST_LIST = 1_000;
