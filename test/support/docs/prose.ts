/** The sentences of a Markdown page, each with its line, as the test of the language reads them. */
import type { DocumentationPage } from './documentation.ts';

/** A sentence, a heading or a table cell. Inline code is one word, `CODE`, and so is a text in quotation marks, `QUOTE`. */
export interface Sentence {
  /** The file and the line at which the paragraph, the list item or the table row begins. */
  readonly place: string;
  readonly text: string;
  readonly kind: 'heading' | 'cell' | 'prose';
}

interface Block {
  readonly line: number;
  readonly text: string;
  readonly kind: Sentence['kind'];
}

const blanked = (part: string): string => part.replaceAll(/[^\n]/g, '');

/** Replaces parts that are not prose by empty lines, so that line numbers stay the same. */
const withoutCode = (text: string): string =>
  text
    .replace(/^---\n[\s\S]*?\n---\n/, blanked)
    .replaceAll(/^( *)```[\s\S]*?^\1```/gm, blanked)
    // Generated parts come from texts in `src` and `build/docs`.
    .replaceAll(/<!-- begin: [\s\S]*?<!-- end: [^\n]*-->/g, blanked)
    .replaceAll(/<!--[\s\S]*?-->/g, blanked);

const withoutMarks = (text: string): string =>
  text
    .replaceAll(/``.+?``|`[^`]+`/g, 'CODE')
    .replaceAll(/"[^"]*"/g, 'QUOTE')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<https?:[^>]*>/g, 'CODE')
    .replaceAll(/\*\*|(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

const LIST_ITEM = /^ *(?:[-*]|\d+\.) +/;

function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { line: number; parts: string[] } | undefined;
  const close = (): void => {
    if (open) blocks.push({ line: open.line, text: open.parts.join(' '), kind: 'prose' });
    open = undefined;
  };
  for (const [index, row] of withoutCode(text).split('\n').entries()) {
    const line = index + 1;
    const heading = /^#{1,6} (.+)$/.exec(row);
    if (heading || row.trim() === '' || /^ *\|/.test(row)) close();
    if (heading?.[1]) blocks.push({ line, text: heading[1], kind: 'heading' });
    else if (/^ *\|/.test(row)) {
      const cells = row.split(/(?<!\\)\|/).filter((cell) => /\p{L}/u.test(cell));
      blocks.push(...cells.map((cell): Block => ({ line, text: cell, kind: 'cell' })));
    } else if (row.trim() !== '') {
      if (LIST_ITEM.test(row)) close();
      open ??= { line, parts: [] };
      open.parts.push(row.replace(LIST_ITEM, '').replace(/^ *> ?/, ''));
    }
  }
  close();
  return blocks;
}

/** A sentence ends with a full stop, a question mark or an exclamation mark, and the next one does not begin with a small letter. */
const SENTENCE_END = /(?<=(?<!\be\.g|\bi\.e|\bvs)[.!?]["”)]*) (?=[^\p{Ll}])/u;

/** Returns all sentences of a page. */
export const sentencesOf = ({ file, text }: DocumentationPage): readonly Sentence[] =>
  blocksOf(text).flatMap(({ line, text: block, kind }) =>
    withoutMarks(block)
      .split(SENTENCE_END)
      .map((sentence) => ({ place: `${file}:${line}`, text: sentence, kind })),
  );

/** Returns the number of words of a sentence. */
export const wordsIn = (sentence: string): number =>
  sentence.split(' ').filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
