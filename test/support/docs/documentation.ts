/** The documentation and the pages of the documentation, as the tests take examples and tables from them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

/** A page of the documentation. */
export interface DocumentationPage {
  /** The path from the root of the repository: `README.md`, `docs/start/nextjs.md`. */
  readonly file: string;
  readonly text: string;
}

const files = [
  'README.md',
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/node_modules|^\.vitepress/.test(file))
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .sort(),
];

export const PAGES: readonly DocumentationPage[] = files.map((file) => ({
  file,
  text: readFileSync(ROOT + file, 'utf8'),
}));

/** The text of all pages, one after the other. */
export const DOCUMENTATION: string = PAGES.map(({ text }) => text).join('\n');

/** Returns the text of one page. */
export function pageText(file: string): string {
  const page = PAGES.find((each) => each.file === file);
  if (!page) throw new Error(`There is no page ${file}`);
  return page.text;
}

/** Returns the code blocks of this language, of all pages or of these. */
export const examples = (language: string, text: string = DOCUMENTATION): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code ?? '',
  );
