// @vitest-environment node
/**
 * docs/architecture.md names every folder of the source and every built file, and no file that does not
 * exist.
 */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUILT_FILES } from '../../build/files.ts';
import { FLOORS } from '../support/floors.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const page = readFileSync(`${ROOT}docs/architecture.md`, 'utf8');

test('every folder of src has a row, in the order of the layers', () => {
  const rows = page
    .slice(page.indexOf('## The floors'), page.indexOf('## Four walks'))
    .split('\n')
    .flatMap((line) => /^\| (`[^|]*`) *\|/.exec(line)?.[1] ?? [])
    .flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, name]) => name));
  expect(rows).toEqual(FLOORS.flat());
});

test('every built file has a row', () => {
  const rows = Array.from(page.matchAll(/^\| `([\w-]+\.js)` *\| `(src\/[^`]+)` *\|/gm), ([, file, entry]) => [
    file,
    entry,
  ]);
  expect(rows).toEqual(BUILT_FILES.map(({ entry, file }) => [file, entry]));
});

test('every file that the document names exists', () => {
  const linked = Array.from(page.matchAll(/\]\(\.\.\/([^)#]+)\)/g), ([, file = '']) => file);
  const named = Array.from(
    page.matchAll(/`((?:sdk|proxy|cli|protocol)\/[\w./-]*)`/g),
    ([, file]) => `src/${file}`,
  );
  expect(linked.length).toBeGreaterThan(30);
  expect([...linked, ...named].filter((file) => !existsSync(`${ROOT}${file}`))).toEqual([]);
});
