/** The servers are plain JavaScript; their frameworks have types all the same, which the proxy must fit. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT } from '../support/readme.ts';
import { FOLDER } from './folder.ts';

test('the proxy fits the types of Node, Express, Fastify, Hono, Workers and the adapters for Lambda', () => {
  const folder = `${ROOT}test/results/servers/`;
  mkdirSync(folder, { recursive: true });
  const compilerOptions = {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    lib: ['ES2023', 'DOM'],
    types: ['node'],
    typeRoots: [`${ROOT}node_modules/@types`],
    strict: true,
    allowJs: true,
    checkJs: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const files = ['node', 'express', 'fastify', 'hono', 'workers', 'lambda-express', 'lambda-http'].map(
    (name) => `${FOLDER}servers/${name}.js`,
  );
  writeFileSync(`${folder}tsconfig.json`, JSON.stringify({ compilerOptions, files }));
  const tsc = `${ROOT}node_modules/typescript/bin/tsc`;
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
});
