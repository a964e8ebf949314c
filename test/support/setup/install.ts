/**
 * Installs what only some tests need, so that it weighs on nobody else: `tsx test/support/setup/install.ts FOLDER`, where there is a
 * package.json with a lock. What is installed already is left alone. This package is there too, as it was built last.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

function installPackages(folder: string): void {
  const stamp = path.join(folder, 'node_modules', '.installed');
  const lock = readFileSync(path.join(folder, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`);
  writeFileSync(stamp, lock);
}

export function install(folder: string): void {
  installPackages(folder);
  const own = path.join(folder, 'node_modules', 'cio-first-party');
  rmSync(own, { recursive: true, force: true });
  // A copy, as from npm: a link would make the repository a part of itself, and some bundlers follow none.
  for (const each of ['dist', 'package.json'])
    cpSync(path.join(ROOT, each), path.join(own, each), { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const folder of process.argv.slice(2)) install(path.resolve(folder));
