// @vitest-environment node
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { BUILT_FILES, TYPED_ENTRIES } from '../../../build/files.ts';
import { whyOutdated } from '../../../build/outdated.ts';

let root: string;

/** Writes a file that was modified at this time. */
function write(file: string, seconds: number): void {
  const full = path.join(root, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, '');
  utimesSync(full, seconds, seconds);
}

const INPUTS = [
  'build/files.ts',
  'package-lock.json',
  'package.json',
  'rollup.config.ts',
  'src/sdk/core/core.ts',
  'test/tsconfig.dts.json',
  'tsconfig.json',
];
const OUTPUTS = [
  ...BUILT_FILES.map(({ file }) => `dist/${file}`),
  ...TYPED_ENTRIES.map((name) => `dist/${name}.d.ts`),
  'dist/THIRD-PARTY-NOTICES.txt',
];

beforeEach(() => {
  root = mkdtempSync(`${tmpdir()}/cio-outdated-`);
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const file of INPUTS) write(file, 1_000);
});

describe('npm packs', () => {
  test('without a build, where every built file is newer than all sources', () => {
    for (const file of OUTPUTS) write(file, 2_000);
    expect(whyOutdated(root)).toBeNull();
  });

  test('after a build, where nothing was built yet', () => {
    expect(whyOutdated(root)).toBe(`${path.join('dist', 'index.js')} is missing`);
  });

  test.each(OUTPUTS)('after a build, where only %s is missing', (missing) => {
    for (const file of OUTPUTS) if (file !== missing) write(file, 2_000);
    expect(whyOutdated(root)).toBe(`${path.normalize(missing)} is missing`);
  });

  test.each(INPUTS)('after a build, where only %s is newer', (newer) => {
    for (const file of OUTPUTS) write(file, 2_000);
    write(newer, 3_000);
    expect(whyOutdated(root)).toBe(`${path.join('dist', 'index.js')} is older than ${path.normalize(newer)}`);
  });
});
