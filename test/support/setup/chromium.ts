/** Finds a Chromium for the browser tests. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Debian's Chromium without windows, tabs and extensions: a page opens in a third of the time. */
export const HEADLESS_SHELL = 'chromium-headless-shell';

function findInstalled(names: readonly string[]): readonly string[] {
  const folders = ['/usr/bin', ...(process.env['PATH'] ?? '').split(path.delimiter)];
  const files = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return files.filter((file) => existsSync(file));
}

/** Returns the path of a Chromium; undefined when this machine has none. */
export function findChromium(): string | undefined {
  return [process.env['CHROMIUM_PATH'], chromium.executablePath()]
    .filter((file) => file && existsSync(file))
    .concat(findInstalled(NAMES))[0];
}

/**
 * Returns the path of a browser for tests that need only pages: the headless shell, or else the whole browser. Returns undefined when
 * Playwright has a browser of its own, which Playwright then starts by itself.
 */
export const findHeadlessShell = (): string | undefined =>
  findInstalled([HEADLESS_SHELL])[0] ?? (existsSync(chromium.executablePath()) ? undefined : findChromium());
