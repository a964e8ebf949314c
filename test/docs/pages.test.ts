// @vitest-environment node
/** Checks of every page of the documentation: links, anchors, length of the README and of table cells, and words. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DocumentationPage, PAGES, pageText, ROOT } from '../support/docs/documentation.ts';

const MOST_README_LINES = 250;
const MOST_CELL_CHARACTERS = 160;

const ALL: readonly DocumentationPage[] = [
  ...PAGES,
  ...['CHANGELOG.md', 'SECURITY.md', 'CONTRIBUTING.md'].map((file) => ({
    file,
    text: readFileSync(ROOT + file, 'utf8'),
  })),
];

/** The text without code blocks and comments, whose contents are no links and no tables. */
const proseOf = (text: string): string =>
  text.replace(/^( *)```[\s\S]*?^\1```/gm, '').replace(/<!--[\s\S]*?-->/g, '');

/** The anchor that GitHub and VitePress make of a heading. */
const slugOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[`*_]/g, (mark) => (mark === '_' ? '_' : ''))
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

function anchorsOf(text: string): ReadonlySet<string> {
  const prose = proseOf(text);
  const headings = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => slugOf(heading));
  const ids = [...prose.matchAll(/\bid="([^"]+)"|\{#([\w-]+)\}/g)].map(([, id, other]) => id ?? other ?? '');
  return new Set([...headings, ...ids]);
}

const linksOf = (text: string): readonly string[] =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g)].map(([, link = '']) => link);

/** Returns what is wrong with a relative link; undefined when it leads somewhere. */
function mistakeIn(link: string, { file, text }: DocumentationPage): string | undefined {
  const [target = '', anchor] = link.split('#');
  const isOfDocs = target.startsWith('/');
  const found = target === '' ? file : path.posix.join(isOfDocs ? 'docs' : path.posix.dirname(file), target);
  if (!existsSync(ROOT + found)) return `${file}: ${link} leads to no file`;
  if (anchor === undefined || !found.endsWith('.md')) return undefined;
  const there = target === '' ? text : readFileSync(ROOT + found, 'utf8');
  return anchorsOf(there).has(anchor) ? undefined : `${file}: ${link} has no such anchor`;
}

/** The characters of a table cell that a reader sees: of a link its text. */
const shown = (cell: string): string => cell.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim();

function longCellsOf({ file, text }: DocumentationPage): readonly string[] {
  return proseOf(text)
    .split('\n')
    .filter((line) => /^ *\|.*\|$/.test(line))
    .flatMap((line) => line.split(/(?<!\\)\|/).map(shown))
    .filter((cell) => cell.length > MOST_CELL_CHARACTERS && !/^:?-+:?$/.test(cell))
    .map((cell) => `${file}: ${cell.length} characters: ${cell}`);
}

describe('the documentation', () => {
  test(`has a README of at most ${MOST_README_LINES} lines`, () => {
    expect(pageText('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_README_LINES);
  });

  test('has a title at the beginning of every page', () => {
    expect(
      PAGES.filter(({ text }) => !/^(---\n[\s\S]*?\n---\n+)?# \S/.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });

  test('has relative links that lead to a file and an anchor', () => {
    const mistakes = ALL.flatMap((page) =>
      linksOf(page.text)
        .filter((link) => !/^[a-z]+:/i.test(link))
        .flatMap((link) => mistakeIn(link, page) ?? []),
    );
    expect(mistakes).toEqual([]);
  });

  test(`has no table cell of more than ${MOST_CELL_CHARACTERS} characters`, () => {
    expect(ALL.flatMap(longCellsOf)).toEqual([]);
  });

  test('says in the README that the project is independent', () => {
    expect(pageText('README.md')).toMatch(/affiliat|independent project|not an official/i);
  });
});

describe('the checks of links', () => {
  const page: DocumentationPage = { file: 'docs/index.md', text: '# Title\n\n## A `b` and c\n' };

  test('find a missing file and a missing anchor', () => {
    expect(mistakeIn('nowhere.md', page)).toContain('leads to no file');
    expect(mistakeIn('#nothing', page)).toContain('no such anchor');
    expect(mistakeIn('#a-b-and-c', page)).toBeUndefined();
    expect(mistakeIn('architecture.md', page)).toBeUndefined();
  });
});
