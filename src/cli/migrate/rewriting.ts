import type { Node } from '@babel/types';
import type { Edit } from './edits.ts';
import type { InstanceScopes } from './instance-scopes.ts';
import type { Scopes } from './scopes.ts';
import { endOf, startOf, type Language, type NodeVisit } from './syntax-tree.ts';

export const VENDOR_PACKAGE = '@customerio/cdp-analytics-browser';
export const OUR_PACKAGE = 'cio-first-party';

/** The values that the new code gets. */
export interface NewValues {
  readonly proxyUrl: string;
  readonly clientKey: string;
}

/** A place of a file that a person must look at. */
export interface Remark {
  readonly offset: number;
  readonly text: string;
}

/** The results of rewriting one file. */
export interface FileFindings {
  readonly edits: Edit[];
  /** Changes that the codemod cannot make. */
  readonly byHand: Remark[];
  /** Steps outside of the code, such as rotating a key. */
  readonly next: Remark[];
  /** Texts that must not be printed whole: write keys. */
  readonly secrets: Set<string>;
  /** How many calls, imports, types and snippets have been rewritten. */
  rewrites: number;
}

export const noFindings = (): FileFindings => ({
  edits: [],
  byHand: [],
  next: [],
  secrets: new Set(),
  rewrites: 0,
});

/** A script, or a part of a page with a script: its code, and what is known of it. */
export interface Script {
  readonly code: string;
  readonly language: Language;
  readonly visits: readonly NodeVisit[];
  readonly scopes: Scopes;
  readonly instanceScopes: InstanceScopes;
  readonly values: NewValues;
  readonly findings: FileFindings;
}

export const textOf = ({ code }: Pick<Script, 'code'>, node: Node): string =>
  code.slice(startOf(node), endOf(node));

export function replaceNode({ findings }: Script, node: Node, text: string): void {
  findings.edits.push({ start: startOf(node), end: endOf(node), text });
}

export function askPerson({ findings }: Script, node: Node, text: string): void {
  findings.byHand.push({ offset: startOf(node), text });
}

/** The end of lines of a file, for lines that are added. */
export const lineEndOf = (code: string): string => (code.includes('\r\n') ? '\r\n' : '\n');

/** The white space at the beginning of the line with this offset. */
export function indentAt(code: string, offset: number): string {
  const start = code.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(code.slice(start))?.[0] ?? '';
}

/** The white space by which a file indents a block. */
export function indentUnit(code: string): string {
  if (/^\t/m.test(code)) return '\t';
  return !/^ {2}\S/m.test(code) && /^ {4}\S/m.test(code) ? '    ' : '  ';
}

/** Writes a text as a string literal, with the quotes that the file uses more often. */
export function quote(code: string, text: string): string {
  const json = JSON.stringify(text);
  const isDouble = (code.match(/"/g)?.length ?? 0) > (code.match(/'/g)?.length ?? 0);
  return isDouble
    ? json
    : `'${json
        .slice(1, -1)
        .replaceAll(String.raw`\"`, '"')
        .replaceAll("'", String.raw`\'`)}'`;
}

/** Finds the statement of a node that is a whole line or more, with its line end, so that it can be removed. */
export function wholeLines({ code }: Pick<Script, 'code'>, node: Node): { start: number; end: number } {
  const start = code.lastIndexOf('\n', startOf(node) - 1) + 1;
  const isFirst = code.slice(start, startOf(node)).trim() === '';
  const rest = /^[ \t]*;?[ \t]*(\r?\n|$)/.exec(code.slice(endOf(node)));
  if (!isFirst || !rest) return { start: startOf(node), end: endOf(node) };
  // The statement stood between two blank lines: the second one is removed.
  const end = endOf(node) + rest[0].length;
  const blank = /(?:^|\n)[ \t]*\r?\n$/.test(code.slice(0, start))
    ? /^[ \t]*\r?\n/.exec(code.slice(end))
    : null;
  return { start, end: end + (blank?.[0].length ?? 0) };
}
