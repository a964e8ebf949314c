// @vitest-environment node
/** The generated pages are as `npm run docs:reference` writes them. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { referencePages } from '../../build/docs/pages.ts';
import { PAGES, ROOT } from '../support/docs/documentation.ts';

const pages = await referencePages();

test.each(pages)('$file is what `npm run docs:reference` writes', ({ file, text }) => {
  expect(readFileSync(ROOT + file, 'utf8')).toBe(text);
});

test('there is no page of the API besides them', () => {
  const files = readdirSync(`${ROOT}docs/reference/api`, { recursive: true, encoding: 'utf8' });
  const written = files.filter((file) => file.endsWith('.md')).map((file) => `docs/reference/api/${file}`);
  expect(written.sort()).toEqual(
    pages
      .map(({ file }) => file)
      .filter((file) => file.includes('/api/'))
      .sort(),
  );
});

test('no cell of a table shows more than 160 characters', () => {
  const cells = PAGES.flatMap(({ file, text }) =>
    text
      .replaceAll(/^```[\s\S]*?^```/gm, '')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .flatMap((line) => line.split(/(?<!\\)\|/).map((cell) => ({ file, cell: shown(cell) }))),
  );
  expect(cells.length).toBeGreaterThan(300);
  expect(cells.filter(({ cell }) => cell.length > 160)).toEqual([]);
});

/** The text that a reader sees: without the targets of links and without marks. */
const shown = (cell: string): string =>
  cell
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .trim();
