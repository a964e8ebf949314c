// @vitest-environment node
/** Compiles code of users against the published types. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT } from '../support/docs/documentation.ts';

test('events may be typed: wrong names and properties do not compile, and untyped code is not affected', () => {
  const folder = `${ROOT}test/results/typed-events/`;
  mkdirSync(folder, { recursive: true });
  const compilerOptions = {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    lib: ['ES2022', 'DOM'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    paths: { 'cio-first-party': [`${ROOT}dist/index.d.ts`] },
  };
  const files = [`${ROOT}test/typed-events/main.ts`];
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify({ compilerOptions, files }));
  const tsc = `${ROOT}node_modules/typescript/bin/tsc`;
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
});
