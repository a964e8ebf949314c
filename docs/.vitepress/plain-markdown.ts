/**
 * Writes the documentation as plain Markdown next to the HTML: each page as `<page>.md`, the list of all pages as
 * `llms.txt` (https://llmstxt.org), and all pages in one file as `llms-full.txt`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readPage, repositoryUrl } from './pages.ts';
import { SECTIONS } from './sidebar.ts';

interface Site {
  readonly title: string;
  readonly description: string;
  /** The path of the site on its origin, with a slash at both ends. */
  readonly base: string;
}

const withRepositoryLinks = (name: string, markdown: string): string =>
  markdown.replaceAll(/(!?)(\[[^\]]*\])\(([^)\s]+)\)/g, (link, image: string, text: string, href: string) => {
    const url = repositoryUrl(name, href, image ? 'raw' : 'blob');
    return url === undefined ? link : `${image}${text}(${url})`;
  });

export function writePlainMarkdown(outDir: string, site: Site): void {
  const index = [`# ${site.title}\n\n> ${site.description}\n`];
  const full: string[] = [];
  for (const section of SECTIONS) {
    const pages = section.pages.map(readPage);
    const rows = pages.map((each) => `- [${each.title}](${site.base}${each.name}.md): ${each.description}\n`);
    index.push(`\n## ${section.title}\n\n`, ...rows);
    for (const { name, markdown } of pages) {
      const text = withRepositoryLinks(name, markdown);
      const file = join(outDir, `${name}.md`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      full.push(`<!-- ${site.base}${name}.md -->\n\n${text}`);
    }
  }
  writeFileSync(join(outDir, 'llms.txt'), index.join(''));
  writeFileSync(join(outDir, 'llms-full.txt'), full.join('\n'));
}
