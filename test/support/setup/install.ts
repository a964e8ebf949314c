/**
 * Installs the packages of a folder that has its own package.json and lock, which only some tests need: packages that are installed
 * already stay as they are. A copy of the built `dist` is installed as `cio-first-party`.
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
  console.log(`Installs the packages of ${folder} with npm ci`);
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
  // A copy, as npm makes one: a link would make the repository a part of itself, and some bundlers follow none.
  for (const each of ['dist', 'package.json'])
    cpSync(path.join(ROOT, each), path.join(own, each), { recursive: true });
}
