import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { Browser, CDPSession, Page } from 'playwright';
import type { Candidate } from './candidate.ts';
import { BLANK_PATH, PAGE_PATH, type Servers, startServers } from './servers.ts';

/** One page of one candidate, with storage, caches and servers that nobody has used before. */
export interface Session extends Servers {
  readonly page: Page;
  readonly devTools: CDPSession;
}

/** The first event of every page: then connections are made, and SDKs have learned what their server can. */
export const WARM_UP = 0;

/** What an answer leads to in the page. */
const SETTLE_MS = 300;

function bundle(file: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(`page/${file}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles.map(({ text }) => text).join('\n');
}

const IN_PAGE = bundle('in-page.ts');
export const COUNT_TIMERS = bundle('timers.ts');

/** Uses a page without the SDK. */
export const useBlank = <T>(
  browser: Browser,
  candidate: Candidate,
  use: (session: Session) => Promise<T>,
): Promise<T> => useAt(browser, candidate, BLANK_PATH, [], use);

/** Uses a page whose SDK is at work and has delivered one event. */
export const useWarm = <T>(
  browser: Browser,
  candidate: Candidate,
  use: (session: Session) => Promise<T>,
  scripts: readonly string[] = [],
): Promise<T> =>
  useAt(browser, candidate, PAGE_PATH, scripts, async (session) => {
    await session.page.evaluate(candidate.ready);
    await session.page.evaluate((number) => window.bench.track(number), WARM_UP);
    const { lost } = await session.arrivals.all(WARM_UP, 1);
    if (lost) throw new Error('its first event has not arrived');
    await settle();
    return use(session);
  });

export const settle = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, SETTLE_MS));

/** What the page's JavaScript holds when all rubbish is collected. */
export async function heapBytes(devTools: CDPSession): Promise<number> {
  // What the first collection makes free to go is taken by the second.
  for (let times = 0; times < 2; times++) await devTools.send('HeapProfiler.collectGarbage');
  return (await devTools.send('Runtime.getHeapUsage')).usedSize;
}

async function useAt<T>(
  browser: Browser,
  candidate: Candidate,
  path: string,
  scripts: readonly string[],
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const servers = await startServers(candidate);
  const context = await browser.newContext();
  try {
    for (const content of [...scripts, IN_PAGE]) await context.addInitScript({ content });
    const page = await context.newPage();
    const devTools = await context.newCDPSession(page);
    await page.goto(servers.addresses.page + path);
    return await use({ ...servers, page, devTools });
  } finally {
    await context.close();
    await servers.close();
  }
}
