import { format } from 'prettier';

/** A page of the documentation. */
export interface Page {
  /** The path from the root of the repository, such as `docs/reference/cli.md`. */
  readonly file: string;
  readonly text: string;
}

/** Formats a page as `npm run format` does. */
export async function formatted({ file, text }: Page): Promise<Page> {
  return { file, text: await format(text, { parser: 'markdown', printWidth: 110, singleQuote: true }) };
}

/** Replaces the generated part of a page, between `<!-- begin: NAME -->` and `<!-- end: NAME -->`. */
export function withBlock({ file, text }: Page, name: string, block: string): Page {
  const [begin, end] = [`<!-- begin: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no part ${begin} … ${end}`);
  return { file, text: `${text.slice(0, from)}${begin}\n\n${block}\n\n${text.slice(to)}` };
}

/** A cell of a table must not break the table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|');
