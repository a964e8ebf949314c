import type { CheckResult, Status } from './check-result.ts';

const WORDS: Readonly<Record<Status, string>> = { pass: 'pass', fail: 'FAIL', warn: 'warn', skip: 'skip' };
const COLOURS: Readonly<Record<Status, number>> = { pass: 32, fail: 31, warn: 33, skip: 90 };

/** Formats the results as text: a line for each result, its advice below it, and a last line that counts them. */
export function asTable(results: readonly CheckResult[], colours: boolean): string {
  const widthOf = (key: 'group' | 'name'): number => Math.max(...results.map((result) => result[key].length));
  const [groups, names] = [widthOf('group'), widthOf('name')];
  const lines = results.flatMap(({ status, group, name, detail, advice }) => {
    const word = colours ? `\u001B[${COLOURS[status]}m${WORDS[status]}\u001B[0m` : WORDS[status];
    const line = `${word}  ${group.padEnd(groups)}  ${name.padEnd(names)}  ${detail}`;
    return advice === undefined ? [line] : [line, `${' '.repeat(groups + 8)}→ ${advice}`];
  });
  const { pass, fail, warn, skip } = count(results);
  return [...lines, '', `${pass} passed, ${fail} failed, ${warn} to look at, ${skip} skipped`].join('\n');
}

/** Formats the results as one JSON object. */
export function asJson(url: URL, results: readonly CheckResult[]): string {
  const counts = count(results);
  return JSON.stringify({ url: url.href, ok: counts.fail === 0, counts, checks: results }, null, 2);
}

function count(results: readonly CheckResult[]): Record<Status, number> {
  const counts = { pass: 0, fail: 0, warn: 0, skip: 0 };
  for (const { status } of results) counts[status] += 1;
  return counts;
}
