import { applyEdits, type Edit, orderEdits } from './edits.ts';

/** Lines around a change that a diff shows too. */
const CONTEXT = 3;

/** Lines `from` up to `to` of the old file, and the lines that replace them. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** Makes a diff in the unified format, which `git apply` and `patch` read, from the edits of one file. */
export function unifiedDiff(file: string, before: string, edits: readonly Edit[]): string {
  const lines = splitLines(before);
  const changes = changedLines(before, lines, orderEdits(edits));
  if (changes.length === 0) return '';
  let shift = 0;
  const hunks = groupChanges(changes).map((group) => {
    const hunk = printHunk(group, lines, shift);
    for (const { from, to, lines: fresh } of group) shift += fresh.length - (to - from);
    return hunk;
  });
  return `--- a/${file}\n+++ b/${file}\n${hunks.join('')}`;
}

/** Lines with their ends. */
const splitLines = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

function changedLines(before: string, lines: readonly string[], edits: readonly Edit[]): readonly Change[] {
  const starts: number[] = [];
  let at = 0;
  for (const line of lines) {
    starts.push(at);
    at += line.length;
  }
  const lineAt = (offset: number): number => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? lines.length - 1 : next - 1;
  };
  const startOf = (line: number): number => starts[line] ?? before.length;

  const changes: Change[] = [];
  for (let i = 0; i < edits.length;) {
    const first = edits[i];
    if (first === undefined) break;
    const from = lineAt(first.start);
    let to = lineAt(Math.max(first.start, first.end - 1)) + 1;
    let count = 1;
    const isPartOf = (edit: Edit | undefined): edit is Edit => edit !== undefined && lineAt(edit.start) < to;
    const replaced = (): string => {
      const start = startOf(from);
      const own = edits.slice(i, i + count);
      const moved = own.map(({ text, ...edit }) => ({
        text,
        start: edit.start - start,
        end: edit.end - start,
      }));
      return applyEdits(before.slice(start, startOf(to)), moved);
    };
    for (;;) {
      const next = edits[i + count];
      if (isPartOf(next)) {
        to = Math.max(to, lineAt(Math.max(next.start, next.end - 1)) + 1);
        count++;
      } else if (to < lines.length && !/\n$|^$/.test(replaced())) to++;
      else break;
    }
    const change = trimChange(lines, { from, to, lines: splitLines(replaced()) });
    const last = changes.at(-1);
    if (last?.to === change.from) changes[changes.length - 1] = joinChanges(last, change);
    else if (change.to > change.from || change.lines.length > 0) changes.push(change);
    i += count;
  }
  return changes;
}

const joinChanges = (one: Change, next: Change): Change => ({
  from: one.from,
  to: next.to,
  lines: [...one.lines, ...next.lines],
});

/** Leaves out lines at both ends that stay the same. */
function trimChange(old: readonly string[], { from, to, lines }: Change): Change {
  let start = 0;
  while (start < lines.length && from + start < to && old[from + start] === lines[start]) start++;
  let end = 0;
  while (
    end < lines.length - start &&
    to - end > from + start &&
    old[to - 1 - end] === lines[lines.length - 1 - end]
  )
    end++;
  return { from: from + start, to: to - end, lines: lines.slice(start, lines.length - end) };
}

/** Groups the changes whose context would touch or overlap. */
function groupChanges(changes: readonly Change[]): readonly (readonly Change[])[] {
  const groups: Change[][] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    const end = last?.at(-1)?.to;
    if (last !== undefined && end !== undefined && change.from - end <= 2 * CONTEXT) last.push(change);
    else groups.push([change]);
  }
  return groups;
}

/** @param shift by how many lines the changes before this hunk have moved the new file */
function printHunk(changes: readonly Change[], lines: readonly string[], shift: number): string {
  const start = Math.max(0, (changes[0]?.from ?? 0) - CONTEXT);
  const end = Math.min(lines.length, (changes.at(-1)?.to ?? 0) + CONTEXT);
  const added = changes.reduce((sum, { from, to, lines: fresh }) => sum + fresh.length - (to - from), 0);
  const print = (sign: string, line: string): string =>
    line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`;

  let body = '';
  let at = start;
  const keepUpTo = (line: number): void => {
    while (at < line) body += print(' ', lines[at++] ?? '');
  };
  for (const { from, to, lines: fresh } of changes) {
    keepUpTo(from);
    while (at < to) body += print('-', lines[at++] ?? '');
    for (const line of fresh) body += print('+', line);
  }
  keepUpTo(end);
  return `@@ -${range(start, end - start)} +${range(start + shift, end - start + added)} @@\n${body}`;
}

/** A range without lines names the line before it. */
const range = (start: number, count: number): string =>
  `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`;
