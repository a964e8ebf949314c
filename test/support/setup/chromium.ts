/** Finds a Chromium for the browser tests. Run by itself, it installs one where there is none. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The same browser without windows, tabs and extensions: it opens a page in a third of the time. */
const HEADLESS_SHELL = 'chromium-headless-shell';

function findInstalled(names: readonly string[]): readonly string[] {
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(path.delimiter)];
  const files = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return files.filter((file) => existsSync(file));
}

/** Where a Chromium is; undefined when there is none. */
export function findChromium(): string | undefined {
  return [process.env['CHROMIUM_PATH'], chromium.executablePath()]
    .filter((file) => file && existsSync(file))
    .concat(findInstalled(NAMES))[0];
}

/** Where one is for pages that need nothing of what is around a page. Playwright's own is left to Playwright; else the whole browser has to do. */
export const findHeadlessShell = (): string | undefined =>
  findInstalled([HEADLESS_SHELL])[0] ?? (existsSync(chromium.executablePath()) ? undefined : findChromium());

function install(): void {
  if (!findChromium())
    spawnSync('npx', ['playwright', 'install', 'chromium'], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
  const missing = [
    findChromium() ? [] : ['chromium'],
    findHeadlessShell() === findChromium() ? [HEADLESS_SHELL] : [],
  ].flat();
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  spawnSync('apt-get', ['update'], { stdio: 'inherit' });
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...missing], { stdio: 'inherit' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install();
  if (!findChromium()) {
    console.error('The browser tests need Chromium: install it, or set CHROMIUM_PATH to where it is.');
    process.exit(1);
  }
}
