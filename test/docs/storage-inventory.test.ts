// @vitest-environment node
/** `docs/privacy/storage-inventory.md` names every cookie, localStorage key and database of the SDK, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ACK_COOKIE_PREFIX } from '../../src/protocol/wire.ts';
import { pageText, ROOT } from '../support/docs/documentation.ts';

const page = pageText('docs/privacy/storage-inventory.md');
const inTables = new Set(Array.from(page.matchAll(/^\| `([^`]+)` +\|/gm), ([, name = '']) => name));

const source = readdirSync(`${ROOT}src/sdk`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(`${ROOT}src/sdk/${file}`, 'utf8'))
  .join('\n')
  .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
const matches = (pattern: RegExp): readonly string[] =>
  Array.from(source.matchAll(pattern), ([, name = '']) => name);

/** The words of the keys that the SDK makes from a variable: `gzip` and `answered`. */
const words = matches(/\bwhat: ((?:'\w+'(?: \| )?)+)/g).flatMap((union) => union.match(/\w+/g) ?? []);
const scoped = [
  // A `name` is that of a lock and a channel, which store nothing.
  ...matches(/(?<!\bname: )`\$\{scope\}(:[\w-]+(?::\$\{page\})?)`/g),
  ...matches(/\bprefix = `\$\{scope\}(:\w+:)`/g).map((prefix) => `${prefix}<person>`),
  ...matches(/`cio-first-party:\$\{[\w.]*clientKey\}(:\w+)`/g),
  ...words.map((word) => `:${word}`),
].map((rest) => `cio-first-party:<key>${rest.replace('${page}', '<page>')}`);
const names = new Set([
  ...matches(/'((?:ajs|cio)_\w+)'/g).filter((name) => !name.endsWith('_')),
  `${ACK_COOKIE_PREFIX}<random>`,
  'cio-first-party:<key>',
  ...scoped,
]);

test('every name in the source is in a table, and every name in a table is in the source', () => {
  expect(words).toContain('gzip');
  expect(names.size).toBeGreaterThan(14);
  expect([...inTables].sort()).toEqual([...names].sort());
});

test('the source stores nothing below other names', () => {
  // Every `${scope}…` text is one of the forms above, or a search for keys that begin so.
  const all = matches(/`(\$\{scope\}[^`]*)`/g);
  const known = /^\$\{scope\}:([\w-]+(:(\$\{page\})?)?|\$\{what\})?$/;
  expect(all.filter((text) => !known.test(text))).toEqual([]);
});

test('the page names the keys of the other SDK that are read', () => {
  expect(source).toContain('persisted-queue:v1:');
  expect(page).toContain('`persisted-queue:v1:`');
});
