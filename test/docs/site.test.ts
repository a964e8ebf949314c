// @vitest-environment node
/** The site of the documentation: its sidebar names all pages, and its plain Markdown works on its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { Window } from 'happy-dom';
import { afterAll, describe, expect, test } from 'vitest';
import { createMarkdownRenderer } from 'vitepress';
import { anchorOf, DOCS, readPage, repositoryUrl } from '../../docs/.vitepress/pages.ts';
import { writePlainMarkdown } from '../../docs/.vitepress/plain-markdown.ts';
import { SECTIONS } from '../../docs/.vitepress/sidebar.ts';
import { showTabs } from '../../docs/.vitepress/tabs.ts';

const listed = SECTIONS.flatMap(({ pages }) => pages);
const written = readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.md') && !file.startsWith('.vitepress/'))
  .map((file) => file.replace(/\.md$/, ''));

describe('the sidebar', () => {
  test('names every page of docs/', () => {
    expect(written.filter((name) => !listed.includes(name))).toEqual([]);
  });

  test('names no page that does not exist', () => {
    expect(listed.filter((name) => !written.includes(name))).toEqual([]);
  });

  test('names no page twice', () => {
    expect(listed.filter((name, index) => listed.indexOf(name) !== index)).toEqual([]);
  });
});

test('every anchor of a link between two pages is a heading of the page', () => {
  const anchors = new Map(
    written.map((name) => {
      const text = readPage(name).markdown.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
      return [name, Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => anchorOf(heading))];
    }),
  );
  const missing = written.flatMap((name) =>
    Array.from(readPage(name).markdown.matchAll(/\]\(([\w./-]*)#([^)\s]+)\)/g))
      .map(([, file = '', anchor = '']) => ({
        target: file ? posix.join(posix.dirname(name), file).replace(/\.md$/, '') : name,
        anchor,
      }))
      .filter(({ target, anchor }) => !anchors.get(target)?.includes(anchor))
      .map(({ target, anchor }) => `${name}: ${target}#${anchor}`),
  );
  expect(missing).toEqual([]);
});

describe('a link to a file that is no page', () => {
  test('leads to GitHub', () => {
    expect(repositoryUrl('contributing/docs-style', '../.vitepress/sidebar.ts', 'blob')).toBe(
      'https://github.com/cio-first-party/cio-first-party/blob/main/docs/.vitepress/sidebar.ts',
    );
    expect(repositoryUrl('contributing/testing', '../../test/README.md', 'blob')).toBe(
      'https://github.com/cio-first-party/cio-first-party/blob/main/test/README.md',
    );
  });

  test('is an error where the file does not exist', () => {
    expect(() => repositoryUrl('contributing/testing', '../../missing.md', 'blob')).toThrow(
      'docs/contributing/testing.md links ../../missing.md',
    );
  });

  test.each(['../faq.md', 'testing.md', '#rules', 'https://example.com/'])('is none: %s', (href) => {
    expect(repositoryUrl('contributing/testing', href, 'blob')).toBeUndefined();
  });
});

describe('tabs', async () => {
  const { render } = await createMarkdownRenderer(DOCS, { config: showTabs });
  const fence = (code: string): string => `\n\n\`\`\`js\n${code}\n\`\`\`\n\n`;

  test('show one of several alternatives, whose bold words are the labels', () => {
    const page = render(
      `Before\n\n<!-- tabs -->\n\n**React & co**, \`main.jsx\`:${fence('one()')}**Vue**:${fence('two()')}<!-- /tabs -->\n\nAfter`,
    );
    const { document } = new Window();
    document.body.innerHTML = page;
    expect([...document.querySelectorAll('label')].map((label) => label.textContent)).toEqual([
      'React & co',
      'Vue',
    ]);
    expect([...document.querySelectorAll('input')].map((input) => input.hasAttribute('checked'))).toEqual([
      true,
      false,
    ]);
    const panels = [...document.querySelectorAll('.vp-code-group > .blocks > .vp-block')];
    expect(panels.map((panel) => panel.classList.contains('active'))).toEqual([true, false]);
    expect(panels.map((panel) => panel.querySelector('pre')?.textContent.trim())).toEqual(['one()', 'two()']);
    expect(document.querySelectorAll('.blocks div[class*="language-"]:not(.active)')).toHaveLength(0);
    expect(document.body.lastElementChild?.textContent).toBe('After');
  });

  test('without an end or a label are an error of the build', () => {
    expect(() => render('<!-- tabs -->\n\n**One**:')).toThrow('has no <!-- /tabs -->');
    expect(() => render('<!-- tabs -->\n\nOne:\n\n<!-- /tabs -->')).toThrow('bold words');
  });
});

describe('the plain Markdown', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cio-docs-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  writePlainMarkdown(folder, { title: 'Title', description: 'One sentence.', base: '/docs/' });
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

  test('has a file for each page', () => {
    expect(listed.filter((name) => !read(`${name}.md`).startsWith('# '))).toEqual([]);
  });

  test('has images and files of the repository by their URL', () => {
    expect(read('performance.md')).toContain(
      '](https://github.com/cio-first-party/cio-first-party/raw/main/bench/charts/bytes-to-load.svg)',
    );
    expect(read('limitations.md')).toContain('/blob/main/CHANGELOG.md)');
  });

  test('has an index, with a sentence for each page', () => {
    const index = read('llms.txt');
    expect(index.startsWith('# Title\n\n> One sentence.\n\n## Start\n\n- [')).toBe(true);
    expect(index.match(/^## .+$/gm)).toEqual(SECTIONS.map(({ title }) => `## ${title}`));
    expect(index.match(/^- \[.+\]\(\/docs\/[\w/-]+\.md\): .+\.$/gm)).toHaveLength(listed.length);
  });

  test('has all pages in one file, in the order of the sidebar', () => {
    const names = Array.from(
      read('llms-full.txt').matchAll(/^<!-- \/docs\/(\S+)\.md -->$/gm),
      ([, name]) => name,
    );
    expect(names).toEqual(listed);
  });
});
