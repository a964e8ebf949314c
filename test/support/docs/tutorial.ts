/** Reads a tutorial of `docs/start` as a list of steps that a program can follow. `docs/contributing/docs-style.md` has the conventions. */

export type Step =
  /** A block `sh`: one command line for each line. `expected`: texts that the command prints, or files that exist after the command. */
  | {
      readonly kind: 'command';
      readonly line: string;
      readonly expected: readonly string[];
      /** Whether the command starts a server: the page expects a URL of this machine in the output. */
      readonly isServer: boolean;
    }
  /** A block with the complete content of a file. */
  | { readonly kind: 'file'; readonly file: string; readonly content: string }
  /** A block `diff`: the lines of `before`, which the file has, become the lines of `after`. */
  | {
      readonly kind: 'edit';
      readonly file: string;
      readonly before: readonly string[];
      readonly after: readonly string[];
    }
  /** The sentence "Open this URL and press **…**." */
  | { readonly kind: 'press'; readonly url: string; readonly button: string };

interface Block {
  readonly language: string;
  readonly content: string;
}

/** Paragraphs as texts on one line, and code blocks, in the order of the page. */
function partsOf(section: string): readonly (string | Block)[] {
  return section.split(/^(```\w+\n[\s\S]*?^```$)/m).flatMap((part): readonly (string | Block)[] => {
    const [, language, content] = /^```(\w+)\n([\s\S]*)^```$/m.exec(part) ?? [];
    if (language !== undefined && content !== undefined) return [{ language, content }];
    return part
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.trim().replaceAll('\n', ' '))
      .filter((paragraph) => paragraph !== '');
  });
}

const codesIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

/** The first sentence of a paragraph that begins with "Expected". A period in code, in a link or in a word ends no sentence. */
const expectedIn = (paragraph: string): string | undefined =>
  /^Expected\b(?:`[^`]*`|\([^)]*\)|\.(?=\S)|[^`.(])*/.exec(paragraph)?.[0];

/** The file that a paragraph names for the block below: the code before the colon at its end. */
const fileNamedBy = (paragraph: string): string | undefined => /`([^`]+)`:$/.exec(paragraph)?.[1];

function editOf(file: string, content: string): Step {
  const lines = content.replace(/\n$/, '').split('\n');
  const side = (marks: string): readonly string[] =>
    lines.filter((line) => marks.includes(line[0] ?? ' ')).map((line) => line.slice(1));
  return { kind: 'edit', file, before: side(' -'), after: side(' +') };
}

function commandsOf(content: string, expected: readonly string[]): readonly Step[] {
  const lines = content.trim().split('\n');
  return lines.map((line, i) => {
    const own = i === lines.length - 1 ? expected : [];
    return { kind: 'command', line, expected: own, isServer: own.some((each) => URL_HERE.test(each)) };
  });
}

const URL_HERE = /http:\/\/localhost:\d+\S*/;

/** The texts that a page expects of the command above: codes of a sentence, or the last line of a printed block. */
function expectationOf(parts: readonly (string | Block)[], index: number): readonly string[] {
  const nextBlock = parts.findIndex((part, i) => i > index && typeof part === 'object');
  const below = parts.slice(index + 1, nextBlock === -1 ? parts.length : nextBlock);
  const paragraph = below.find((each) => typeof each === 'string' && each.startsWith('Expected'));
  const sentence = typeof paragraph === 'string' ? (expectedIn(paragraph) ?? '') : '';
  const printed = parts[nextBlock];
  const hasPrinted = sentence.endsWith(':') && typeof printed === 'object' && printed.language === 'text';
  const lastLine = hasPrinted ? printed.content.trim().split('\n').at(-1) : undefined;
  return [...codesIn(sentence), ...(lastLine === undefined ? [] : [lastLine])];
}

function stepsOfBlock(parts: readonly (string | Block)[], index: number, block: Block): readonly Step[] {
  const { language, content } = block;
  if (language === 'text') return [];
  if (language === 'sh') return commandsOf(content, expectationOf(parts, index));
  const above = parts[index - 1];
  const file = typeof above === 'string' ? fileNamedBy(above) : undefined;
  if (file === undefined) throw new Error(`The page names no file for this block:\n${content}`);
  return [language === 'diff' ? editOf(file, content) : { kind: 'file', file, content }];
}

function stepsOfSection(section: string): readonly Step[] {
  const parts = partsOf(section);
  return parts.flatMap((part, index) => {
    if (typeof part === 'object') return stepsOfBlock(parts, index, part);
    const [, button] = /Open this URL and press \*\*(.+?)\*\*/.exec(part) ?? [];
    const url = URL_HERE.exec(part)?.[0].replace(/`.*$/, '');
    return button !== undefined && url !== undefined ? [{ kind: 'press', url, button }] : [];
  });
}

export interface Tutorial {
  /** The numbered sections: up to the first delivered event. */
  readonly steps: readonly Step[];
  /** The section "Check that it works". */
  readonly check: readonly Step[];
}

/** @throws when a block of the numbered sections names no file */
export function readTutorial(page: string): Tutorial {
  const sections = page.split(/^## /m);
  const of = (heading: RegExp): readonly Step[] =>
    sections.filter((section) => heading.test(section)).flatMap(stepsOfSection);
  return { steps: of(/^\d+\. /), check: of(/^Check that it works/) };
}

/** The programs that a command line starts, one after the other. Making a folder and entering it is no command of its own. */
export const programsOf = (line: string): readonly string[] =>
  line
    .split('&&')
    .map((part) => part.trim())
    .filter((part) => !/^(cd|mkdir) /.test(part));
