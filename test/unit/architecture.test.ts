// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { INTERNAL_NAMES, SHORT } from '../../rollup.config.ts';

const SRC = new URL('../../src', import.meta.url).pathname;
const VENDOR = '@customerio/';

interface Import {
  readonly from: string;
  readonly onlyTypes: boolean;
  /** Loaded when it is needed. */
  readonly isLazy: boolean;
}

interface Source {
  /** As `sender/sender.ts`. */
  readonly file: string;
  readonly code: string;
  readonly imports: readonly Import[];
}

/** The browser SDK; the proxy and the command line stand by themselves. */
const sources: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/^(proxy|nats|redis|cli|testing)\//.test(file))
  .sort()
  .map((file) => {
    const code = withoutComments(readFileSync(path.join(SRC, file), 'utf8'));
    return { file, code, imports: importsOf(file, code) };
  });

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

function importsOf(file: string, code: string): readonly Import[] {
  const found: Import[] = [];
  for (const [, words = '', from = ''] of code.matchAll(
    /(?:^|\n)\s*(?:import|export)\s([^;]*?)from\s*'([^']+)'/g,
  )) {
    const names = words
      .replace(/[{}]/g, '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    found.push({
      from: place(file, from),
      onlyTypes: words.startsWith('type ') || names.every((name) => name.startsWith('type ')),
      isLazy: false,
    });
  }
  for (const [, from = ''] of code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g))
    found.push({ from: place(file, from), onlyTypes: false, isLazy: true });
  return found;
}

function place(file: string, from: string): string {
  return from.startsWith('.') ? path.join(path.dirname(file), from) : from;
}

const partOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '');
const isOurs = ({ from }: Import): boolean => from.endsWith('.ts') && !from.startsWith('@');

const violations = (check: (source: Source) => readonly string[]): readonly string[] =>
  sources.flatMap((source) => check(source).map((what) => `${source.file}: ${what}`));

describe('the imports of the browser SDK are a ladder', () => {
  test('that has been read', () => {
    expect(sources.length).toBeGreaterThan(25);
    expect(sources.find(({ file }) => file === 'core.ts')?.imports.length).toBeGreaterThan(10);
    const known = new Set(sources.map(({ file }) => file));
    expect(
      violations(({ imports }) =>
        imports.filter((each) => isOurs(each) && !known.has(each.from)).map(({ from }) => from),
      ),
    ).toEqual([]);
  });

  test.each(['errors.ts', 'wire.ts', 'events.ts', 'sender/outcome.ts', 'outbox/contract.ts'])(
    'at whose foot %s needs nothing but types',
    (file) => {
      const source = sources.find((each) => each.file === file);
      expect(source).toBeDefined();
      expect(source?.imports.filter(({ onlyTypes }) => !onlyTypes)).toEqual([]);
    },
  );

  test('a part knows of another part no more than its types', () => {
    expect(
      violations(({ file, imports }) =>
        imports
          .filter(
            ({ from, onlyTypes }) =>
              !onlyTypes && partOf(file) && partOf(from) && partOf(from) !== partOf(file),
          )
          .filter((each) => isOurs(each))
          .map(({ from }) => from),
      ),
    ).toEqual([]);
  });

  test('only the core, the client, the heir of other pages and the client of private calls put the parts together', () => {
    const composing = sources.filter(({ file, imports }) => {
      const parts = new Set(
        imports.filter((each) => isOurs(each) && !each.onlyTypes).map(({ from }) => partOf(from)),
      );
      parts.delete(partOf(file));
      parts.delete('');
      return parts.size > 1;
    });
    expect(composing.map(({ file }) => file)).toEqual([
      'client.ts',
      'core.ts',
      'left-behind.ts',
      'private-client.ts',
    ]);
  });

  test('nothing below the core imports it, and nothing below the client imports that', () => {
    const importers = (of: string): readonly string[] =>
      sources
        .filter(({ imports }) => imports.some(({ from, onlyTypes }) => from === of && !onlyTypes))
        .map(({ file }) => file);
    expect(importers('core.ts')).toEqual(['client.ts']);
    expect(importers('client.ts')).toEqual(['create.ts']);
    expect(importers('create.ts')).toEqual(['index.ts', 'script/cio.ts']);
  });

  test.each([
    'customerio/pipeline.ts',
    'customerio/source-middleware.ts',
    'left-behind.ts',
    'options-mistakes.ts',
    'outbox/recovery.ts',
    'pages/follow.ts',
    'private-client.ts',
    'sender/lease.ts',
  ])('what few pages need is loaded when they need it: %s', (file) => {
    const imports = sources.flatMap((source) => source.imports).filter(({ from }) => from === file);
    expect(imports.filter(({ isLazy }) => isLazy)).toHaveLength(1);
    expect(imports.filter(({ isLazy, onlyTypes }) => !isLazy && !onlyTypes)).toEqual([]);
  });

  test('has no circle', () => {
    const next = new Map(
      sources.map(({ file, imports }) => [
        file,
        imports.filter(({ onlyTypes }) => !onlyTypes).map(({ from }) => from),
      ]),
    );
    const done = new Set<string>();
    const walk = (file: string, above: readonly string[]): void => {
      expect(above, [...above, file].join(' → ')).not.toContain(file);
      if (done.has(file)) return;
      for (const each of next.get(file) ?? []) walk(each, [...above, file]);
      done.add(file);
    };
    for (const { file } of sources) walk(file, []);
  });

  test('only one file imports the wrapped SDK, and of that nothing but its facade', () => {
    const imported = sources.flatMap(({ file, imports }) =>
      imports.filter(({ from }) => from.startsWith(VENDOR)).map(({ from }) => [file, from]),
    );
    expect(imported).toEqual([
      ['customerio/source-middleware.ts', '@customerio/cdp-analytics-browser/src/lib/to-facade.ts'],
    ]);
  });

  test('only the database files import the database', () => {
    const importers = sources.filter(({ imports }) => imports.some(({ from }) => from === 'idb-keyval'));
    expect(importers.map(({ file }) => file)).toEqual([
      'outbox/indexeddb.ts',
      'outbox/recovery.ts',
      'sender/lease.ts',
    ]);
  });

  test('nothing of the proxy or the command line is imported, and nothing of Node', () => {
    expect(
      violations(({ imports }) =>
        imports
          .map(({ from }) => from)
          .filter((from) => /^(proxy|cli)\//.test(from) || from.startsWith('node:')),
      ),
    ).toEqual([]);
  });
});

describe('the browser has one address', () => {
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
  /** A name, where it is no field, no key and no word of a text. */
  const uses = (code: string, name: string): boolean =>
    new RegExp(`(?<![.\\w$'"\`-])${name}(?![\\w$'"\`]|\\s*\\??:)`).test(
      code.replace(/`[^`]*`|'[^'\n]*'/g, "''"),
    );

  test.each(NAMES)('%s', (name) => {
    const users = sources.filter(({ code }) => uses(code, name)).map(({ file }) => file);
    expect(users.filter((file) => file !== 'browser.ts')).toEqual([]);
  });

  test.each(['Date.now', 'Math.random', 'location.', 'history.'])('%s', (text) => {
    const users = sources.filter(({ code }) =>
      new RegExp(`(?<![.\\w])${text.replace('.', '\\.')}`).test(code),
    );
    expect(users.map(({ file }) => file).filter((file) => file !== 'browser.ts')).toEqual([]);
  });

  test('and the time is read from the clock', () => {
    expect(violations(({ code }) => [...code.matchAll(/new Date\(\)/g)].map(([text]) => text))).toEqual([]);
  });
});

describe('the door', () => {
  const index = sources.find(({ file }) => file === 'index.ts');

  test('is a list of names', () => {
    expect(index?.code).not.toMatch(/export \*|export default/);
    expect(
      violations(({ code }) => [...code.matchAll(/export default|export \*/g)].map(([text]) => text)),
    ).toEqual([]);
  });

  test('gives two values', async () => {
    const door: object = await import('../../src/index.ts');
    expect(Object.keys(door).sort()).toEqual(['SdkError', 'createAnalytics']);
  });
});

describe('the consent sources', () => {
  const platforms = sources.filter(({ file }) => file.startsWith('consent/sources/'));

  test('are twelve, one a file, and each is in the entry', () => {
    const entry = sources.find(({ file }) => file === 'consent/index.ts');
    const exported = entry?.imports.filter(({ onlyTypes }) => !onlyTypes).map(({ from }) => from) ?? [];
    expect(platforms).toHaveLength(12);
    expect(exported.sort()).toEqual(platforms.map(({ file }) => file));
  });

  test('know nothing of each other, and of the browser what consent/page.ts gives them', () => {
    const known = new Set(['foreign', 'page', 'platform', 'source'].map((name) => `consent/${name}.ts`));
    const strangers = platforms.flatMap(({ imports }) => imports.filter(({ from }) => !known.has(from)));
    expect(strangers).toEqual([]);
    const toBrowser = sources.filter(({ imports }) => imports.some(({ from }) => from === 'browser.ts'));
    const parts = toBrowser.map(({ file }) => file).filter((file) => partOf(file) === 'consent');
    expect(parts).toEqual(['consent/page.ts']);
  });
});

describe('names that the build shortens', () => {
  const PUBLIC = new Set([
    'analytics.ts',
    'errors.ts',
    'events.ts',
    'options.ts',
    'wire.ts',
    'outbox/record.ts',
  ]);
  // What only the compiler reads may name them.
  const all = sources.map(({ code }) => code.replace(/\b(?:Pick|Omit)<[^>]*>/g, '')).join('\n');

  test.each(INTERNAL_NAMES)('%s is in no text, and nobody else says it', (name) => {
    expect(all).toMatch(new RegExp(`\\b${name}\\b`));
    expect(all).not.toMatch(new RegExp(`['"\`]${name}['"\`]`));
    // What a file exports keeps its name.
    expect(all).not.toMatch(new RegExp(`\\bbrowser\\.${name}\\b`));
    for (const { file, code } of sources)
      if (PUBLIC.has(file))
        expect(code.replace(/from '[^']+'/g, ''), file).not.toMatch(new RegExp(`\\b${name}\\b`));
  });

  // `written` of `TextEncoder.encodeInto` was one once: every event then had no size.
  test('none of them is a member of anything of the browser or the language', () => {
    const libraries = ['dom', 'es5', 'es2020.promise', 'es2022.error'].map((name) =>
      readFileSync(
        new URL(`../../node_modules/@typescript/old/lib/lib.${name}.d.ts`, import.meta.url),
        'utf8',
      ),
    );
    const members = new Set(
      libraries.flatMap((text) =>
        Array.from(text.matchAll(/^ {4}(?:readonly )?(\w+)\??[(<:]/gm), ([, name]) => name),
      ),
    );
    expect(members.has('written')).toBe(true);
    // Of WebRTC, which nothing here uses.
    const unused = new Set(['sender', 'transport']);
    expect(INTERNAL_NAMES.filter((name) => members.has(name) && !unused.has(name))).toEqual([]);
  });

  test('each has a letter, and nobody else has a property of one letter', () => {
    expect(INTERNAL_NAMES.length).toBeLessThanOrEqual(SHORT.length);
    expect(new Set(SHORT).size).toBe(SHORT.length);
    for (const { file, code } of sources)
      expect(code.match(/[.{]\s*[a-zA-Z_]\b(?!['"\s])/g) ?? [], file).toEqual([]);
  });
});
