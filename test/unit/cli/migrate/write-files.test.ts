// @vitest-environment node
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { type MigratedFile, writeFiles } from '../../../../src/cli/migrate/migrate-folder.ts';
import { noFindings } from '../../../../src/cli/migrate/rewriting.ts';

const changed = (file: string): MigratedFile => ({
  file,
  before: 'old',
  findings: { ...noFindings(), edits: [{ start: 0, end: 3, text: 'new' }] },
});

test('a file that cannot be written is returned, and the others are written', async () => {
  const folder = await mkdtemp(`${tmpdir()}/cio-write-`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  // Nobody may write a folder as a file, also not root.
  await mkdir(`${folder}/b.js`);
  const left = await writeFiles(folder, ['a.js', 'b.js', 'c.js'].map(changed));
  expect(left).toEqual([
    { file: 'b.js', text: expect.stringMatching(/^This place cannot be written: EISDIR/) as string },
  ]);
  expect(await readFile(`${folder}/a.js`, 'utf8')).toBe('new');
  expect(await readFile(`${folder}/c.js`, 'utf8')).toBe('new');
});
