/** A browser with a profile on disk. The browser can be killed, and started again with the same profile. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext } from 'playwright';
import { findChromium } from '../setup/chromium.ts';

export interface PersistentBrowser {
  /** Starts the browser with its profile. `args`: more command-line arguments. */
  start(args?: readonly string[]): Promise<BrowserContext>;
  /** Kills all processes of the browser at once, as an empty battery does. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export async function createPersistentBrowser(): Promise<PersistentBrowser> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cio-profile-'));
  const executablePath = findChromium();
  let context: BrowserContext | undefined;
  let groups: readonly number[] = [];
  return {
    async start(args = []) {
      context = await chromium.launchPersistentContext(folder, {
        ...(executablePath ? { executablePath } : {}),
        headless: true,
        args: ['--no-sandbox', '--disable-dev-shm-usage', ...args],
      });
      groups = processGroups(folder);
      return context;
    },
    async kill() {
      const closed = new Promise((resolve) => context?.once('close', resolve));
      for (const group of groups) process.kill(-group, 'SIGKILL');
      await closed;
      context = undefined;
    },
    async remove() {
      await context?.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/**
 * Finds the process groups of the browser with this profile. A browser that Playwright starts leads a process
 * group of its own.
 */
function processGroups(folder: string): readonly number[] {
  const lines = execFileSync('ps', ['-eo', 'pgid,args'], { encoding: 'utf8' }).split('\n');
  const own = lines.filter((line) => line.includes(`--user-data-dir=${folder}`) && !line.includes('--type='));
  return [...new Set(own.map((line) => Number.parseInt(line, 10)))];
}
