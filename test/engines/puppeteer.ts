/** Chromium by its own protocol, and Firefox by WebDriver BiDi. https://w3c.github.io/webdriver-bidi/ */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, launch as launchBrowser, type Page } from 'puppeteer-core';
import { findChromium } from '../support/chromium.ts';
import { program } from '../support/programs.ts';
import type { Engine, Tab } from './engine.ts';

const tabOf = (page: Page, name: Engine['name']): Tab => ({
  async goto(url) {
    await page.goto(url);
  },
  evaluate: (act, ...args) => page.evaluate(act as never, ...(args as unknown as never[])),
  async close() {
    if (page.isClosed()) return;
    const closed = new Promise((resolve) => page.once('close', resolve));
    // Chromium runs no handler of the page without that; Firefox does, and does not tell the end of the other way.
    await page.close({ runBeforeUnload: name === 'chromium' });
    await closed;
  },
});

export async function startPuppeteer(name: 'chromium' | 'firefox'): Promise<Engine> {
  const folder = await mkdtemp(path.join(tmpdir(), `cio-${name}-`));
  const launch = (): Promise<Browser> =>
    launchBrowser({
      browser: name === 'firefox' ? 'firefox' : 'chrome',
      executablePath: name === 'firefox' ? program('firefox-esr') : (findChromium() ?? 'chromium'),
      headless: true,
      userDataDir: folder,
      // Puppeteer switches the back/forward cache off.
      ignoreDefaultArgs:
        name === 'firefox' ? [] : ['--disable-features=Translate,AcceptCHFrame,BackForwardCache'],
      args: name === 'firefox' ? [] : ['--no-sandbox', '--disable-dev-shm-usage'],
    });
  let browser = await launch();
  return {
    name,
    cannot: {},
    openTab: async () => tabOf(await browser.newPage(), name),
    async openPrivateTab() {
      const context = await browser.createBrowserContext();
      return tabOf(await context.newPage(), name);
    },
    async killAndRestart() {
      const child = browser.process();
      if (!child) throw new Error(`${name} has no process`);
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      browser = await launch();
    },
    async close() {
      await browser.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
