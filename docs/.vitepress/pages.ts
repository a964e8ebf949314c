/** Reads pages of the documentation, and resolves their links to other files of the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const DOCS: string = fileURLToPath(new URL('..', import.meta.url));
export const REPOSITORY = 'https://github.com/cio-first-party/cio-first-party';

interface Page {
  /** The path below `docs/`, without `.md`. */
  readonly name: string;
  readonly title: string;
  /** The first sentence of the page as plain text, or the second one when the first only names the readers. */
  readonly description: string;
  readonly markdown: string;
}

/** @throws Error when the file does not begin with a heading and a paragraph */
export function readPage(name: string): Page {
  const markdown = readFileSync(`${DOCS}${name}.md`, 'utf8');
  const [, title, paragraph] = /^# (.+)\n\n((?:.+\n)+)/.exec(markdown) ?? [];
  if (title === undefined || paragraph === undefined)
    throw new Error(`docs/${name}.md does not begin with "# Title" and a paragraph`);
  const text = paragraph.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/\s+/g, ' ');
  const [first = '', second] = text.trim().split(/(?<=\.) /);
  const namesOnlyReaders = /^This \w+ is for [^,]+\.$/.test(first) && !/ (who|whose|that|with) /.test(first);
  const description = namesOnlyReaders && second !== undefined ? second : first;
  return { name, title, description, markdown };
}

/**
 * Returns the URL on GitHub when a relative link of the page leads to a file that the site does not have, otherwise `undefined`.
 * @throws Error when the linked file does not exist
 */
export function repositoryUrl(name: string, href: string, view: 'blob' | 'raw'): string | undefined {
  if (!href.startsWith('.')) return undefined;
  const path = posix.join('docs', posix.dirname(name), href);
  if (path.startsWith('docs/') && !path.startsWith('docs/.vitepress/')) return undefined;
  if (!existsSync(`${DOCS}../${path.replace(/#.*/, '')}`)) throw new Error(`docs/${name}.md links ${href}`);
  return `${REPOSITORY}/${view}/main/${path}`;
}

/** Returns the anchor of a heading as GitHub makes it, so that one link works on GitHub and on the site. */
export const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
