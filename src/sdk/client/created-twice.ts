import { warnInConsole } from '../browser.ts';
import type { Fields } from '../event/arguments.ts';
import type { AnalyticsSettings } from '../options/options.ts';

/** The first creator of a site on this page. */
export interface FirstCreator {
  /** A copy of its options, to find those that differ in a second call. */
  readonly options: Fields;
  /** Applies the option `consent` of a second creator, as far as it is stricter than the present state. */
  restrict(consent: AnalyticsSettings['consent']): void;
}

/** Warns of the options of a second creator that differ from those of the first. Of these, only a stricter consent counts. */
export function createdTwice(
  first: FirstCreator,
  options: Fields,
  consent: AnalyticsSettings['consent'],
): void {
  const names = Object.keys({ ...first.options, ...options }).filter(
    (name) => JSON.stringify(first.options[name]) !== JSON.stringify(options[name]),
  );
  if (names[0])
    warnInConsole(
      `cio-first-party: created twice, with another ${names.join()}: the first call and the stricter consent count`,
    );
  if (names.includes('consent')) first.restrict(consent);
}
