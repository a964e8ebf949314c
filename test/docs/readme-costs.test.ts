// @vitest-environment node
/** The times and bytes in the README are those of the measured table in `docs/performance.md`, which `npm run bench` rewrites. */
import { expect, test } from 'vitest';
import { pageText } from '../support/docs/documentation.ts';

const costs = /## Costs\n([\s\S]*?)\n## /.exec(pageText('README.md'))?.[1] ?? '';
const rows = pageText('docs/performance.md')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('\u00A0', ' ')));

test.each([
  ['one `track()` of 10 000, main-thread time'],
  ['10 000 events: bytes on the wire per event'],
  ['script evaluated, SDK made, first `track()` returned'],
])('the README has the numbers of the row "%s"', (name) => {
  const [, , ours = '?', theirs = '?'] = rows.find((cells) => cells[1] === name) ?? [];
  expect(costs).toContain(ours);
  expect(costs).toContain(theirs);
});
