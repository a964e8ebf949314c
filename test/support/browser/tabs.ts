/** What visitors do with tabs, and what becomes of them. */
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

/** A tab that sends, or knows that another one does. */
export async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await untilSomebodyLeads(page);
  return page;
}

/** Waits until a tab of the site has the lock of the one that sends. A page that goes before it has been asked sends nothing. */
export const untilSomebodyLeads = async (page: Page): Promise<void> =>
  void (await page.waitForFunction(async () => (await navigator.locks.query()).held?.length));

/** As if the visitor had turned to another tab, or back: Playwright shows every page all the time. */
export const setVisibility = (page: Page, state: 'hidden' | 'visible'): Promise<void> =>
  page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);

/** As a visitor closes a tab: its page hears of it. */
export const closeTab = (page: Page): Promise<void> => page.close({ runBeforeUnload: true });

/** The page's process dies; its page hears nothing. */
export async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  // Never answered.
  void session.send('Page.crash').catch(() => undefined);
  await crashed;
}

/** Stops the page's process, as systems do with applications in the background: no event tells it. Answers the end of it. */
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

/** The renderer that works when this page does: Chromium does not say which one it is. */
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
