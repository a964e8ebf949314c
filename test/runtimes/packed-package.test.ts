/** The package as npm publishes it: its files, an installation in an empty project, its entries and its command. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUILT_FILES, MAPPED_KINDS, TYPED_ENTRIES } from '../../build/files.ts';
import { packInto } from '../support/build/pack.ts';
import { NODES } from './runtimes.ts';

const run = promisify(execFile);
const npm = (cwd: string, ...args: readonly string[]): ReturnType<typeof run> =>
  run('npm', args, { cwd, shell: process.platform === 'win32' });

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

let folder: string;
let tarball: string;
let unpacked: string;
let project: string;
let manifest: Manifest;

beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/cio-packed-`);
  tarball = await packInto(folder);
  await run('tar', ['-xzf', tarball, '-C', folder]);
  unpacked = `${folder}/package`;
  manifest = JSON.parse(await readFile(`${unpacked}/package.json`, 'utf8')) as Manifest;
  project = `${folder}/project`;
  await mkdir(project);
  await writeFile(`${project}/package.json`, '{"private":true}');
  // The package has no dependencies, so nothing has to come from a registry.
  await npm(project, 'install', '--offline', '--no-audit', '--no-fund', tarball);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the packed package has the built files, their types, and the texts for people, and nothing else', async () => {
  const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(unpacked.length + 1));
  const maps = BUILT_FILES.filter(({ kind }) => MAPPED_KINDS.has(kind)).map(({ file }) => `${file}.map`);
  const built = [
    ...BUILT_FILES.map(({ file }) => file),
    ...TYPED_ENTRIES.map((name) => `${name}.d.ts`),
    ...maps,
    'THIRD-PARTY-NOTICES.txt',
  ];
  expect(maps.sort()).toEqual(['consent', 'index', 'nats', 'proxy', 'redis'].map((name) => `${name}.js.map`));
  expect(files.sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...built.map((file) => `dist/${file}`)].sort(),
  );
});

test('the packed package has at most 790 000 bytes', async () => {
  expect((await stat(tarball)).size).toBeLessThanOrEqual(790_000);
});

test('a file names a source map only if the package has it, and each map contains its sources', async () => {
  for (const { file, kind } of BUILT_FILES) {
    const code = await readFile(`${unpacked}/dist/${file}`, 'utf8');
    const [, map] = /^\/\/# sourceMappingURL=(.+)$/m.exec(code) ?? [];
    expect(map, file).toBe(MAPPED_KINDS.has(kind) ? `${file}.map` : undefined);
    if (map === undefined) continue;
    const { sources, sourcesContent } = JSON.parse(await readFile(`${unpacked}/dist/${map}`, 'utf8')) as {
      sources: readonly string[];
      sourcesContent: readonly (string | null)[];
    };
    expect(sources.filter((_, i) => !sourcesContent[i])).toEqual([]);
  }
});

test('the README shows no image from a relative path, which the page on npm would not show', async () => {
  const text = await readFile(`${unpacked}/README.md`, 'utf8');
  expect(text).not.toMatch(/!\[[^\]]*\]\((?!https:\/\/)/);
  expect(text).not.toMatch(/<img[^>]+src="(?!https:\/\/)/);
});

const isCode = (name: string): boolean => name !== './package.json' && name !== './cio.js';

test.each(NODES)('in $name every entry of the installed package can be imported', async ({ command }) => {
  const names = Object.keys(manifest.exports)
    .filter(isCode)
    .map((name) => `cio-first-party${name.slice(1)}`);
  expect(names).toContain('cio-first-party/proxy');
  const program = `
    for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(await import(name)).length > 0);
    console.log(import.meta.resolve('cio-first-party/cio.js').endsWith('/dist/cio.js'));`;
  const { stdout, stderr } = await run(command, ['--input-type=module', '-e', program], { cwd: project });
  expect(stdout).toBe([...names.map((name) => `${name} true`), 'true', ''].join('\n'));
  expect(stderr).toBe('');
});

test.each(NODES)('in $name the command of the unpacked package prints the version', async ({ command }) => {
  const { stdout } = await run(command, [`${unpacked}/dist/cli.js`, '--version']);
  expect(stdout).toBe(`${manifest.version}\n`);
});

test('npx runs the installed command', async () => {
  const { stdout } = await run('npx', ['--offline', 'cio-first-party', '--version'], {
    cwd: project,
    shell: process.platform === 'win32',
  });
  expect(stdout).toBe(`${manifest.version}\n`);
});
