/** The servers are plain JavaScript, but their frameworks have types, which the proxy must fit. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT } from '../support/docs/documentation.ts';
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

const TYPESCRIPT_6 = `${ROOT}node_modules/@typescript/typescript6/bin/tsc6`;
const TYPESCRIPT_7 = `${ROOT}node_modules/typescript/bin/tsc`;
const PROGRAM = `
  import { createAnalytics, type Analytics } from 'cio-first-party';
  import { oneTrust } from 'cio-first-party/consent';
  import { createProxy } from 'cio-first-party/proxy';
  import { natsStore } from 'cio-first-party/nats';
  import { redisStore } from 'cio-first-party/redis';
  export const analytics: Analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'web', consent: oneTrust() });
  export const others = [createProxy, natsStore, redisStore];
  // @ts-expect-error -- these are types, and not any
  createAnalytics(1);
`;

/** Compiles the program in a folder next to the installed package, as an application does. */
function typesOf(tsc: string, file: string, options: readonly string[]): readonly unknown[] {
  const folder = `${FOLDER}node_modules/.resolution/`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${file}`, PROGRAM);
  const all = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--target',
    'es2022',
    '--lib',
    'es2023,dom',
  ];
  const { stdout, status } = spawnSync(process.execPath, [tsc, ...all, '--types', 'node', ...options, file], {
    cwd: folder,
    encoding: 'utf8',
  });
  return [stdout, status];
}

test.each([
  [
    'node10',
    TYPESCRIPT_6,
    'old.ts',
    'commonjs',
    ['--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
  ],
  ['node20 from CommonJS', TYPESCRIPT_6, 'common.cts', 'node20', []],
  ['node20 from CommonJS', TYPESCRIPT_7, 'common.cts', 'node20', []],
  ['nodenext from CommonJS', TYPESCRIPT_7, 'common.cts', 'nodenext', []],
  ['node16 from a module', TYPESCRIPT_7, 'module.mts', 'node16', []],
  ['bundler', TYPESCRIPT_7, 'program.ts', 'esnext', ['--moduleResolution', 'bundler']],
])('all entries have types for %s (%s)', (_, tsc, file, module, options) => {
  expect(typesOf(tsc, file, ['--module', module, ...options])).toEqual(['', 0]);
});

test('with node16, CommonJS code can import the entries only by import(), as the documentation says', () => {
  const [output, status] = typesOf(TYPESCRIPT_7, 'common.cts', ['--module', 'node16']);
  expect(output).toContain('TS1479');
  expect(status).not.toBe(0);
});

test('Node loads every entry by require(), and tools that ignore `exports` find `main`', () => {
  const code = `
    const entries = ['', '/official', '/consent', '/proxy', '/nats', '/redis'].map((name) => require('cio-first-party' + name));
    const { main, types } = require('cio-first-party/package.json');
    entries.push(require('./node_modules/cio-first-party/' + main));
    require('node:fs').statSync('./node_modules/cio-first-party/' + types);
    console.log(entries.every((entry) => Object.keys(entry).length > 0));`;
  const { stdout } = spawnSync(process.execPath, ['--no-warnings', '-e', code], {
    cwd: FOLDER,
    encoding: 'utf8',
  });
  expect(stdout).toBe('true\n');
});
