import type { CheckResult, Status } from './result.ts';

const WORDS: Readonly<Record<Status, string>> = { pass: 'pass', fail: 'FAIL', warn: 'warn', skip: 'skip' };
const COLOURS: Readonly<Record<Status, number>> = { pass: 32, fail: 31, warn: 33, skip: 90 };

/** A line for each row, with what to change below it, and a line that counts them. */
export function asTable(rows: readonly CheckResult[], colours: boolean): string {
  const widthOf = (key: 'group' | 'name'): number => Math.max(...rows.map((row) => row[key].length));
  const [groups, names] = [widthOf('group'), widthOf('name')];
  const lines = rows.flatMap(({ status, group, name, detail, advice }) => {
    const word = colours ? `\u001B[${COLOURS[status]}m${WORDS[status]}\u001B[0m` : WORDS[status];
    const line = `${word}  ${group.padEnd(groups)}  ${name.padEnd(names)}  ${detail}`;
    return advice === undefined ? [line] : [line, `${' '.repeat(groups + 8)}→ ${advice}`];
  });
  const { pass, fail, warn, skip } = count(rows);
  return [...lines, '', `${pass} passed, ${fail} failed, ${warn} to look at, ${skip} skipped`].join('\n');
}

export function asJson(url: URL, rows: readonly CheckResult[]): string {
  const counts = count(rows);
  return JSON.stringify({ url: url.href, ok: counts.fail === 0, counts, checks: rows }, null, 2);
}

function count(rows: readonly CheckResult[]): Record<Status, number> {
  const counts = { pass: 0, fail: 0, warn: 0, skip: 0 };
  for (const { status } of rows) counts[status] += 1;
  return counts;
}
