/**
 * Finds out from compatibility data what an older browser lacks, and makes a script that removes it from a
 * page.
 */
import { createRequire } from 'node:module';
import type {
  CompatData,
  CompatStatement,
  Identifier,
  SimpleSupportStatement,
} from '@mdn/browser-compat-data';
import type { Engine } from './engine.ts';

/** The oldest browsers that the documentation supports. */
export const OLDEST = {
  chromium: { browser: 'chrome', version: '94' },
  firefox: { browser: 'firefox', version: '93' },
  webkit: { browser: 'safari', version: '16.4' },
} as const satisfies Record<Engine['name'], { browser: 'chrome' | 'firefox' | 'safari'; version: string }>;

type Oldest = (typeof OLDEST)[Engine['name']];

/** A global interface or function, or one member of it. `any`: the member of its prototype or of itself. */
export type Missing = readonly [name: string, member?: string, of?: 'prototype' | 'constructor' | 'any'];

// `require` loads the data as it is; an import would transform all 20 MB first.
const data = createRequire(import.meta.url)('@mdn/browser-compat-data') as CompatData;

function isNewer(version: string, than: string): boolean {
  const [one = [], other = []] = [version, than].map((each) => each.split('.').map(Number));
  return (one[0] ?? 0) - (other[0] ?? 0) > 0 || (one[0] === other[0] && (one[1] ?? 0) > (other[1] ?? 0));
}

function lacks({ browser, version }: Oldest, compat: CompatStatement | undefined): boolean {
  const support = compat?.support[browser];
  if (!support) return false;
  // A feature behind a flag, with a prefix or with another name does not count.
  const usual = (Array.isArray(support) ? support : [support]).filter(
    ({ flags, prefix, alternative_name }: SimpleSupportStatement) => !flags && !prefix && !alternative_name,
  );
  return usual.every(({ version_added: added }) => {
    if (typeof added !== 'string') return true;
    if (added === 'preview') return true;
    // "≤37" is older than every version that is checked here.
    return !added.startsWith('≤') && isNewer(added, version);
  });
}

const membersOf = (what: Identifier): readonly (readonly [string, Identifier])[] =>
  Object.entries(what).filter(([name]) => name !== '__compat') as [string, Identifier][];

/** Lists whole interfaces and functions, and single members. */
export function missingIn(oldest: Oldest): readonly Missing[] {
  const found: Missing[] = [];
  for (const [group, usual] of [
    [data.api, 'prototype'],
    [data.javascript['builtins'] ?? {}, 'any'],
  ] as const)
    for (const [name, entry] of membersOf(group)) {
      if (lacks(oldest, entry.__compat)) found.push([name]);
      for (const [member, { __compat }] of membersOf(entry)) {
        if (member.endsWith('_event') || !lacks(oldest, __compat)) continue;
        const isStatic = member.endsWith('_static');
        found.push([name, member.replace(/_static$/, ''), isStatic ? 'constructor' : usual]);
      }
    }
  return found;
}

/** Makes a classic script that removes all of these and counts them. */
export const removalScript = (missing: readonly Missing[]): string => `
window.removed = 0;
for (const [name, member = name, of] of ${JSON.stringify(missing)}) {
  const { prototype } = Object(window[name]);
  const owners = !of || name === 'Window' ? [window] : [of !== 'constructor' && prototype, of !== 'prototype' && window[name]];
  for (const owner of owners) if (owner && Object.hasOwn(owner, member) && delete owner[member]) removed++;
}`;
