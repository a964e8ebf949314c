/**
 * Controls Chromium by its own protocol, and Firefox by WebDriver BiDi. https://w3c.github.io/webdriver-bidi/
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Browser, launch as launchBrowser, type Page } from 'puppeteer-core';
import { findChromium } from '../support/setup/chromium.ts';
import { program } from '../support/setup/programs.ts';
import type { Engine, Tab } from './engine.ts';

const tabOf = (page: Page, name: Engine['name']): Tab => ({
  async goto(url) {
    await page.goto(url);
  },
  evaluate: (act, ...args) => page.evaluate(act as never, ...(args as unknown as never[])),
  async close() {
    if (page.isClosed()) return;
    const closed = new Promise((resolve) => page.once('close', resolve));
    // Chromium runs the page's handlers only with this option. Firefox runs them always, and does not report
    // the end of a close with this option.
    await page.close({ runBeforeUnload: name === 'chromium' });
    await closed;
  },
});

/**
 * The setting "block all cookies" of both browsers, which blocks all storage of sites.
 * https://searchfox.org/mozilla-central/source/netwerk/cookie/nsICookieService.idl
 */
const FIREFOX_KEEPS_NOTHING = { 'network.cookie.cookieBehavior': 2 };
const CHROMIUM_KEEPS_NOTHING = { profile: { default_content_setting_values: { cookies: 2 } } };

async function launch(name: 'chromium' | 'firefox', folder: string, keepsNothing = false): Promise<Browser> {
  if (name === 'firefox')
    return launchBrowser({
      browser: 'firefox',
      executablePath: program('firefox-esr'),
      headless: true,
      userDataDir: folder,
      extraPrefsFirefox: keepsNothing ? FIREFOX_KEEPS_NOTHING : {},
    });
  if (keepsNothing) {
    await mkdir(path.join(folder, 'Default'), { recursive: true });
    await writeFile(path.join(folder, 'Default', 'Preferences'), JSON.stringify(CHROMIUM_KEEPS_NOTHING));
  }
  return launchBrowser({
    browser: 'chrome',
    executablePath: findChromium() ?? 'chromium',
    headless: true,
    userDataDir: folder,
    // Puppeteer disables the back/forward cache by default.
    ignoreDefaultArgs: ['--disable-features=Translate,AcceptCHFrame,BackForwardCache'],
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

const newProfile = (name: string): Promise<string> => mkdtemp(path.join(tmpdir(), `cio-${name}-`));

export async function startPuppeteer(name: 'chromium' | 'firefox'): Promise<Engine> {
  const folder = await newProfile(name);
  let browser = await launch(name, folder);
  const others: { readonly browser: Browser; readonly folder: string }[] = [];
  return {
    name,
    cannot: {},
    openTab: async () => tabOf(await browser.newPage(), name),
    async openPrivateTab() {
      const context = await browser.createBrowserContext();
      return tabOf(await context.newPage(), name);
    },
    async openTabThatKeepsNothing() {
      const profile = await newProfile(name);
      const other = await launch(name, profile, true);
      others.push({ browser: other, folder: profile });
      return tabOf(await other.newPage(), name);
    },
    async killAndRestart() {
      const child = browser.process();
      if (!child) throw new Error(`${name} has no process`);
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      browser = await launch(name, folder);
    },
    async close() {
      for (const each of [...others, { browser, folder }]) {
        await each.browser.close();
        await rm(each.folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}
