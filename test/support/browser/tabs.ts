/** What visitors do with tabs, and how tabs end. */
import type { BrowserContext, Page } from 'playwright';

export async function openTabs(
  context: BrowserContext,
  url: string,
  count: number,
): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for (let i = 0; i < count; i++) {
    const page = await context.newPage();
    await page.goto(url);
    pages.push(page);
  }
  return pages;
}

/** Opens a tab, and waits until a tab of the site is the leader (the tab that sends). */
export async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await untilSomebodyLeads(page);
  return page;
}

/** Waits until a tab of the site holds the leader's lock. A page that leaves before that sends nothing. */
export const untilSomebodyLeads = async (page: Page): Promise<void> =>
  void (await page.waitForFunction(async () => (await navigator.locks.query()).held?.length));

/**
 * Changes the page's visibility, as if the visitor had changed to another tab, or back. Playwright shows all
 * pages at the same time.
 */
export const setVisibility = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

/** Closes the tab as a visitor does: the page receives its events. */
export const closeTab = (page: Page): Promise<void> => page.close({ runBeforeUnload: true });

/** Crashes the process of the page: the page receives no event. */
export async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  // Chromium never responds to this command.
  void session.send('Page.crash').catch(() => undefined);
  await crashed;
}

/**
 * Stops the process of the page, as systems do with applications in the background: the page receives no
 * event. Returns a function that lets the process continue.
 */
export async function suspend(page: Page): Promise<() => void> {
  const pid = await processOf(page);
  process.kill(pid, 'SIGSTOP');
  return () => process.kill(pid, 'SIGCONT');
}

interface ProcessInfo {
  readonly type: string;
  readonly id: number;
  /** In seconds. */
  readonly cpuTime: number;
}

/**
 * Finds the renderer process whose CPU time grows when the page works, since Chromium does not name the
 * process of a page.
 */
async function processOf(page: Page): Promise<number> {
  const session = await page.context().browser()?.newBrowserCDPSession();
  if (!session) throw new Error('This browser does not tell of its processes');
  const renderers = async (): Promise<readonly ProcessInfo[]> =>
    (await session.send('SystemInfo.getProcessInfo')).processInfo.filter(({ type }) => type === 'renderer');
  const before = new Map((await renderers()).map(({ id, cpuTime }) => [id, cpuTime]));
  await page.evaluate(() => {
    const until = performance.now() + 1_000;
    while (performance.now() < until);
  });
  const worked = (await renderers()).map(({ id, cpuTime }) => ({ id, cpu: cpuTime - (before.get(id) ?? 0) }));
  await session.detach();
  const [busiest] = worked.sort((one, other) => other.cpu - one.cpu);
  if (!busiest) throw new Error('No renderer');
  return busiest.id;
}
