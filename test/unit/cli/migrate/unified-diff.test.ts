// @vitest-environment node
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import { applyEdits, type Edit } from '../../../../src/cli/migrate/edits.ts';
import { unifiedDiff } from '../../../../src/cli/migrate/unified-diff.ts';

const folder = mkdtempSync(`${tmpdir()}/cio-diff-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the diff', () => {
  test('shows three lines around a change, and joins changes that are near', () => {
    const before = Array.from({ length: 30 }, (_, i) => `line ${i + 1}\n`).join('');
    const replace = (line: string, text: string): Edit => {
      const start = before.indexOf(`${line}\n`);
      return { start, end: start + line.length, text };
    };
    expect(
      unifiedDiff('a.js', before, [
        replace('line 5', 'five'),
        replace('line 11', 'eleven'),
        replace('line 25', 'a\nb'),
      ]),
    ).toBe(
      `--- a/a.js
+++ b/a.js
@@ -2,13 +2,13 @@
 line 2
 line 3
 line 4
-line 5
+five
 line 6
 line 7
 line 8
 line 9
 line 10
-line 11
+eleven
 line 12
 line 13
 line 14
@@ -22,7 +22,8 @@
 line 22
 line 23
 line 24
-line 25
+a
+b
 line 26
 line 27
 line 28
`,
    );
  });

  test('is empty if the edits change nothing', () => {
    expect(unifiedDiff('a.js', 'a\nb\n', [{ start: 0, end: 1, text: 'a' }])).toBe('');
    expect(unifiedDiff('a.js', 'a\nb\n', [])).toBe('');
  });

  test('git applies it, for any edits, line ends, and ends of the file', () => {
    // A generator with a seed, so that a failure can be repeated.
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 60; round++) {
      const ends = ['\n', '\r\n'][round % 2] ?? '\n';
      const lines = Array.from({ length: 1 + random(40) }, () => 'x'.repeat(random(5)) + random(4));
      const before = lines.join(ends) + (random(3) === 0 ? '' : ends);
      const edits: Edit[] = [];
      for (let at = random(20); at < before.length; at += 1 + random(60)) {
        const end = Math.min(before.length, at + random(12));
        edits.push({ start: at, end, text: ['', 'new', `a${ends}b${ends}`, ends][random(4)] ?? '' });
        at = end;
      }
      const after = applyEdits(before, edits);
      writeFileSync(`${folder}/f`, before);
      const diff = unifiedDiff('f', before, edits);
      if (diff !== '') {
        const input = {
          cwd: folder,
          input: diff,
          env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
        };
        execFileSync('git', ['apply', '--whitespace=nowarn', '-'], input);
      }
      expect(readFileSync(`${folder}/f`, 'utf8')).toBe(after);
    }
  });
});
