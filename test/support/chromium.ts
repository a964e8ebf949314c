/** Finds a Chromium for the browser tests. Run by itself, it installs one where there is none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where a Chromium is; undefined when there is none. */
export function findChromium(): string | undefined {
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(path.delimiter)];
  const installed = folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return [process.env['CHROMIUM_PATH'], chromium.executablePath(), ...installed].find(
    (file) => file && existsSync(file),
  );
}

const INSTALLERS: readonly (readonly [command: string, ...args: string[]])[] = [
  ['npx', 'playwright', 'install', 'chromium'],
  ['apt-get', 'update'],
  ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium'],
];

function install(): void {
  const isRoot = process.getuid?.() === 0;
  for (const [command, ...args] of INSTALLERS) {
    if (findChromium()) return;
    if (command === 'apt-get' && !(isRoot && existsSync('/usr/bin/apt-get'))) continue;
    spawnSync(command, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install();
  if (!findChromium()) {
    console.error('The browser tests need Chromium: install it, or set CHROMIUM_PATH to where it is.');
    process.exit(1);
  }
}
