// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { BUILT_FILES } from '../../build/files.ts';
import { floorOf, FLOORS, roomOf } from '../support/floors.ts';
import { type Import, readSources, type Source } from '../support/sources.ts';

const sources = readSources('src');
const sdk = sources.filter(({ file }) => file.startsWith('sdk/'));
const isOurs = ({ from }: Import): boolean => from.endsWith('.ts') && !from.startsWith('@');

const violations = (check: (source: Source) => readonly string[], among = sources): readonly string[] =>
  among.flatMap((source) => check(source).map((what) => `${source.file}: ${what}`));

describe('the layers of imports', () => {
  test('the list of imports is complete', () => {
    expect(sources.length).toBeGreaterThan(200);
    expect(sources.find(({ file }) => file === 'sdk/core/core.ts')?.imports.length).toBeGreaterThan(10);
    const known = new Set(sources.map(({ file }) => file));
    expect(
      violations(({ imports }) =>
        imports.filter((each) => isOurs(each) && !known.has(each.from)).map(({ from }) => from),
      ),
    ).toEqual([]);
  });

  test('every file is in one folder, and every folder has files', () => {
    expect(sources.filter(({ file }) => roomOf(file) === undefined).map(({ file }) => file)).toEqual([]);
    const used = new Set(sources.map(({ file }) => roomOf(file)));
    expect(FLOORS.flat().filter((room) => !used.has(room))).toEqual([]);
  });

  test('a file imports values only from its own folder or from a lower layer', () => {
    expect(
      violations(({ file, imports }) => {
        const room = roomOf(file) ?? '';
        return imports
          .filter((each) => isOurs(each) && !each.onlyTypes)
          .map(({ from }) => from)
          .filter((from) => roomOf(from) !== room && floorOf(roomOf(from) ?? '') <= floorOf(room));
      }),
    ).toEqual([]);
  });

  test('browser and server do not import each other, and both may import src/protocol, which imports nothing', () => {
    const sideOf = (file: string): string => file.split('/')[0] ?? '';
    const MAY: Readonly<Record<string, readonly string[]>> = {
      sdk: ['sdk', 'protocol'],
      proxy: ['proxy', 'protocol'],
      protocol: ['protocol'],
    };
    expect(
      violations(({ file, imports }) =>
        imports
          .filter((each) => isOurs(each))
          .map(({ from }) => from)
          .filter((from) => MAY[sideOf(file)]?.includes(sideOf(from)) === false),
      ),
    ).toEqual([]);
    expect(
      violations(
        ({ imports }) => imports.map(({ from }) => from).filter((from) => from.startsWith('node:')),
        sdk,
      ),
    ).toEqual([]);
  });

  test('the entries of the package only list exports', () => {
    for (const { file, code } of sources.filter(({ file }) => !file.includes('/')))
      expect(code.replace(/export (?:type )?\{[^}]*\} from '[^']+';/g, '').trim(), file).toBe('');
    expect(
      violations(({ code }) => [...code.matchAll(/export default|export \*/g)].map(([text]) => text)),
    ).toEqual([]);
  });

  test('value imports have no cycle', () => {
    const next = new Map(
      sources.map(({ file, imports }) => [
        file,
        imports.filter(({ onlyTypes }) => !onlyTypes).map(({ from }) => from),
      ]),
    );
    expect(circlesIn(next)).toEqual([]);
  });
});

/** Returns all cycles of the graph. */
function circlesIn(next: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (node: string, above: readonly string[]): void => {
    if (above.includes(node)) found.push([...above.slice(above.indexOf(node)), node].join(' → '));
    if (done.has(node) || above.includes(node)) return;
    for (const each of next.get(node) ?? []) walk(each, [...above, node]);
    done.add(node);
  };
  for (const node of next.keys()) walk(node, []);
  return found;
}

describe('demo, bench and tests', () => {
  test.each(['demo', 'bench'])(
    '%s has no import cycle, and imports only exports of the package',
    (folder) => {
      const outside = readSources(folder);
      expect(outside.length).toBeGreaterThan(10);
      expect(
        circlesIn(new Map(outside.map(({ file, imports }) => [file, imports.map(({ from }) => from)]))),
      ).toEqual([]);
      const allowed = /^\.\.\/src\/(?:index|consent|proxy|nats|redis|protocol\/\w+)\.ts$/;
      expect(
        outside.flatMap(({ file, imports }) =>
          imports
            .map(({ from }) => from)
            .filter((from) => from.startsWith('../src/') && !allowed.test(from))
            .map((from) => `${file}: ${from}`),
        ),
      ).toEqual([]);
    },
  );
});

describe('code that few pages or proxies need is loaded on demand', () => {
  const lazy = BUILT_FILES.filter(({ kind }) => kind.endsWith('-lazy'));

  test.each(lazy.map(({ entry }) => entry.replace('src/', '')))('%s', (file) => {
    const imports = sources.flatMap((source) => source.imports).filter(({ from }) => from === file);
    expect(imports.filter(({ isLazy }) => isLazy).length).toBeGreaterThan(0);
    expect(imports.filter(({ isLazy, onlyTypes }) => !isLazy && !onlyTypes)).toEqual([]);
  });

  test('no other file is loaded lazily', () => {
    const known = new Set(lazy.map(({ entry }) => entry.replace('src/', '')));
    expect(
      violations(({ file, imports }) =>
        file.startsWith('cli/')
          ? []
          : imports
              .filter((each) => each.isLazy && isOurs(each) && !known.has(each.from))
              .map(({ from }) => from),
      ),
    ).toEqual([]);
  });
});

describe('each dependency is imported in one place', () => {
  const importersOf = (name: string): readonly string[] =>
    sources
      .filter(({ imports }) => imports.some(({ from }) => from.startsWith(name)))
      .map(({ file }) => file);

  test('the wrapped SDK, of which nothing but its façade is used', () => {
    expect(importersOf('@customerio/')).toEqual(['sdk/plugins/source-middleware.ts']);
    const middleware = sources.find(({ file }) => file === 'sdk/plugins/source-middleware.ts');
    expect(middleware?.imports.map(({ from }) => from)).toContain(
      '@customerio/cdp-analytics-browser/src/lib/to-facade.ts',
    );
  });

  test('the database', () => {
    expect(importersOf('idb-keyval')).toEqual([
      'sdk/outbox/indexeddb-log.ts',
      'sdk/outbox/repair.ts',
      'sdk/tabs/leader-lease.ts',
    ]);
  });
});

describe('browser functions are used in one place', () => {
  const NAMES = [
    'window',
    'document',
    'navigator',
    'localStorage',
    'sessionStorage',
    'indexedDB',
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'queueMicrotask',
    'requestAnimationFrame',
    'BroadcastChannel',
    'CompressionStream',
    'crypto',
    'performance',
    'console',
    'globalThis',
    'self',
  ];
  /** Returns whether the code uses the global `name`: not as a member, as a key or inside a string. */
  const uses = (code: string, name: string): boolean =>
    new RegExp(`(?<![.\\w$'"\`-])${name}(?![\\w$'"\`]|\\s*\\??:)`).test(
      code.replace(/`[^`]*`|'[^'\n]*'/g, "''"),
    );
  const others = sdk.filter(({ file }) => file !== 'sdk/browser.ts');

  test.each(NAMES)('%s', (name) => {
    expect(others.filter(({ code }) => uses(code, name)).map(({ file }) => file)).toEqual([]);
  });

  test.each(['Date.now', 'Math.random', 'location.', 'history.'])('%s', (text) => {
    const pattern = new RegExp(`(?<![.\\w])${text.replace('.', '\\.')}`);
    expect(others.filter(({ code }) => pattern.test(code)).map(({ file }) => file)).toEqual([]);
  });

  test('the time is read from the clock only', () => {
    expect(violations(({ code }) => [...code.matchAll(/new Date\(\)/g)].map(([text]) => text), sdk)).toEqual(
      [],
    );
  });
});

describe('the consent sources', () => {
  const platforms = sdk.filter(({ file }) => file.startsWith('sdk/consent/sources/'));

  test('are twelve, one in each file, and all are exported', () => {
    const entry = sources.find(({ file }) => file === 'consent.ts');
    const exported = entry?.imports.filter(({ onlyTypes }) => !onlyTypes).map(({ from }) => from) ?? [];
    expect(platforms).toHaveLength(12);
    expect(exported.sort()).toEqual(platforms.map(({ file }) => file));
  });

  test('do not import each other, and use of the browser only platform-page.ts', () => {
    const known = new Set(
      ['untrusted', 'platform-page', 'platform-source', 'source', 'source-mistakes'].map(
        (name) => `sdk/consent/${name}.ts`,
      ),
    );
    expect(platforms.flatMap(({ imports }) => imports.filter(({ from }) => !known.has(from)))).toEqual([]);
    const toBrowser = sdk.filter(({ imports }) => imports.some(({ from }) => from === 'sdk/browser.ts'));
    expect(toBrowser.map(({ file }) => file).filter((file) => file.startsWith('sdk/consent/'))).toEqual([
      'sdk/consent/platform-page.ts',
    ]);
  });
});

test('the main entry exports two values', async () => {
  const entry: object = await import('../../src/index.ts');
  expect(Object.keys(entry).sort()).toEqual(['SdkError', 'createAnalytics']);
});
