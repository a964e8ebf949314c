/** A browser with a profile on disk, which can be killed and started again. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext } from 'playwright';
import { findChromium } from './chromium.ts';

export interface PersistentBrowser {
  /** Starts it, with the profile that it had. */
  start(): Promise<BrowserContext>;
  /** As a crash or a battery does. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

export async function createPersistentBrowser(): Promise<PersistentBrowser> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cio-profile-'));
  const executablePath = findChromium();
  let context: BrowserContext | undefined;
  return {
    async start() {
      context = await chromium.launchPersistentContext(folder, {
        ...(executablePath ? { executablePath } : {}),
        headless: true,
        args: ['--no-sandbox', '--disable-dev-shm-usage'],
      });
      return context;
    },
    async kill() {
      const closed = new Promise((resolve) => context?.once('close', resolve));
      for (const pid of mainProcesses(folder)) process.kill(pid, 'SIGKILL');
      await closed;
      context = undefined;
    },
    async remove() {
      await context?.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Those of this profile that are no helpers of another process. */
function mainProcesses(folder: string): readonly number[] {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  const own = lines.filter((line) => line.includes(`--user-data-dir=${folder}`) && !line.includes('--type='));
  return own.map((line) => Number.parseInt(line, 10));
}
