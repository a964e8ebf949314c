/**
 * Installs and builds the apps of `test/apps`. A step whose input files are unchanged since the last run is
 * skipped.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { APP_NAMES, appFolder, type AppName, APPS, ENV, MODULES, TOOLS } from './apps.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const INSTALL_MS = 300_000;
const BUILD_MS = 240_000;

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !['node_modules', 'dist'].includes(name))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesIn(file) : [file];
    })
    .sort();
}

function digest(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(path.relative(ROOT, file)).update(readFileSync(file));
  return hash.digest('hex');
}

/** Does the work unless the stamp file says that it was done with the same files. */
async function unlessDone(stamp: string, files: readonly string[], work: () => unknown): Promise<void> {
  const now = digest(files);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return;
  await work();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, now);
}

function run(cwd: string, command: string, args: readonly string[], timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const shell = process.platform === 'win32';
    const child = spawn(command, args, { cwd, env: ENV, shell, timeout: timeoutMs });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)));
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} in ${cwd}: ${code}\n${said}`)),
    );
  });
}

/** Installs the package as a user has it: the files that npm would pack. */
function unpack(): void {
  const target = path.join(MODULES, 'cio-first-party');
  rmSync(target, { recursive: true, force: true });
  // The development server's cache may hold the package as it was before.
  rmSync(path.join(MODULES, '.vite'), { recursive: true, force: true });
  for (const each of ['dist', 'package.json'])
    cpSync(path.join(ROOT, each), path.join(target, each), { recursive: true });
}

async function build(name: AppName): Promise<void> {
  const folder = appFolder(name);
  const files = [path.join(APPS, 'package-lock.json'), ...packed(), ...filesIn(folder)];
  await unlessDone(path.join(folder, 'dist/.built'), files, () => {
    rmSync(path.join(folder, 'dist'), { recursive: true, force: true });
    const { script, build } = TOOLS[name];
    return run(folder, process.execPath, [path.join(MODULES, script), ...build], BUILD_MS);
  });
}

const packed = (): readonly string[] => [
  path.join(ROOT, 'package.json'),
  ...readdirSync(path.join(ROOT, 'dist'))
    .filter((file) => /^(index|cio-.*)\.js$/.test(file))
    .map((file) => path.join(ROOT, 'dist', file)),
];

await unlessDone(path.join(MODULES, '.installed'), [path.join(APPS, 'package-lock.json')], () =>
  run(APPS, 'npm', ['ci', '--no-audit', '--no-fund'], INSTALL_MS),
);
await unlessDone(path.join(MODULES, 'cio-first-party/.unpacked'), packed(), unpack);
// Two builds run at a time, because the machine may have only two cores: Next.js, which is slow, and the
// others one after the other.
const built = await Promise.allSettled([
  build('next'),
  APP_NAMES.filter((name) => name !== 'next').reduce(
    (before, name) => before.then(() => build(name)),
    Promise.resolve(),
  ),
]);
for (const each of built) if (each.status === 'rejected') throw each.reason;
