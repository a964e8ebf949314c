import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { BUILT_FILES, TYPED_ENTRIES } from './files.ts';

/** What the build reads: files, and folders with all their files. Paths from the root of the repository. */
const INPUTS: readonly string[] = [
  'build',
  'package-lock.json',
  'package.json',
  'rollup.config.ts',
  'src',
  'test/tsconfig.dts.json',
  'tsconfig.json',
];

const OUTPUTS: readonly string[] = [
  ...BUILT_FILES.map(({ file }) => file),
  ...TYPED_ENTRIES.map((name) => `${name}.d.ts`),
  'THIRD-PARTY-NOTICES.txt',
].map((file) => path.join('dist', file));

function filesOf(root: string, input: string): readonly string[] {
  if (!statSync(path.join(root, input)).isDirectory()) return [input];
  return readdirSync(path.join(root, input), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(path.relative(root, entry.parentPath), entry.name));
}

/** Returns the first reason to build again: a file of `dist` that is missing or older than an input. Null without any reason. */
export function whyOutdated(root: string): string | null {
  const modifiedMs = (file: string): number | undefined =>
    statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs;
  const inputs = INPUTS.flatMap((input) => filesOf(root, input)).map((file) => ({
    file,
    ms: modifiedMs(file) ?? 0,
  }));
  const newest = inputs.reduce((one, other) => (other.ms > one.ms ? other : one));
  for (const output of OUTPUTS) {
    const ms = modifiedMs(output);
    if (ms === undefined) return `${output} is missing`;
    if (ms < newest.ms) return `${output} is older than ${newest.file}`;
  }
  return null;
}
