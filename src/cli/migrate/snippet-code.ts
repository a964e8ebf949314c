import { indentAt, lineEndOf, type NewValues } from './rewriting.ts';

/** The URL of the script, which the proxy serves. */
export const scriptUrl = ({ proxyUrl }: NewValues): string => `${proxyUrl.replace(/\/$/, '')}/cio.js`;

/** The code with spaces in the place of its comments, so that every offset stays. `https://` is no comment. */
export const withoutComments = (code: string): string =>
  code.replaceAll(/\/\*[^]*?\*\/|(?<![:"'\\])\/\/[^\r\n]*/g, (comment) =>
    comment.replaceAll(/[^\r\n]/g, ' '),
  );

/** Whether an offset is in a comment of one line. */
export const isComment = (code: string, offset: number): boolean => {
  const line = code.slice(code.lastIndexOf('\n', offset - 1) + 1, offset);
  return (
    /^\s*(\/\/|\*|<!--|#)|\s\/\/\s*[\w.]*\s*=?\s*["']?$/.test(line) &&
    !/https?:\/\/$/.test(line.trim().slice(0, 8))
  );
};

/**
 * The text between two statements that replace one: the snippet may be in one line, or have a line for each statement. Where the
 * statement belongs to an `if` without braces, the new statements are one expression.
 */
export const separatorAt = (code: string, offset: number): string => {
  const before = code.slice(0, offset).replace(/(?:\s|\/\/[^\n]*(?=\n)|\/\*[^]*?\*\/)*$/, '');
  const mark = /(?:^|[;{}])$/.test(before) ? ';' : ',';
  const line = code.slice(code.lastIndexOf('\n', offset - 1) + 1, offset);
  return line.trim() === '' ? `${mark}${lineEndOf(code)}${indentAt(code, offset)}` : mark;
};
