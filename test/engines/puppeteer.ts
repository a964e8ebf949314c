/**
 * Controls Chromium by its own protocol, and Firefox by WebDriver BiDi. https://w3c.github.io/webdriver-bidi/
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Browser,
  type ElementHandle,
  type Frame,
  launch as launchBrowser,
  type Page,
} from 'puppeteer-core';
import { findChromium } from '../support/setup/chromium.ts';
import { program } from '../support/setup/programs.ts';
import type { Engine, FindFrame, Tab } from './engine.ts';

const tabOf = (page: Page, name: Engine['name']): Tab => ({
  async goto(url) {
    await page.goto(url);
  },
  evaluate: (act, ...args) => page.evaluate(act as never, ...(args as unknown as never[])),
  click: async (selector, find) => (find ? await frameOf(page, find) : page.mainFrame()).click(selector),
  press: (key) => page.keyboard.press(key),
  textOf: async (find) => (await frameOf(page, find)).evaluate(() => document.body.innerText),
  async close() {
    if (page.isClosed()) return;
    const closed = new Promise((resolve) => page.once('close', resolve));
    // Chromium runs the page's handlers only with this option. Firefox runs them always, and does not report
    // the end of a close with this option.
    await page.close({ runBeforeUnload: name === 'chromium' });
    await closed;
  },
});

async function frameOf(page: Page, find: FindFrame): Promise<Frame> {
  const element = (await page.evaluateHandle(find)).asElement() as ElementHandle<HTMLIFrameElement> | null;
  const frame = await element?.contentFrame();
  if (!frame) throw new Error('The page has no such frame');
  return frame;
}

/**
 * The setting "block all cookies" of both browsers, which blocks all storage of sites.
 * https://searchfox.org/mozilla-central/source/netwerk/cookie/nsICookieService.idl
 */
const FIREFOX_KEEPS_NOTHING = { 'network.cookie.cookieBehavior': 2 };
const CHROMIUM_KEEPS_NOTHING = { profile: { default_content_setting_values: { cookies: 2 } } };

interface Launch {
  readonly name: 'chromium' | 'firefox';
  /** The folder of the profile. */
  readonly folder: string;
  /** The port of the proxy for all hosts but this machine. */
  readonly outerPort: number;
  readonly keepsNothing?: boolean;
}

const firefoxProxy = (port: number): Readonly<Record<string, string | number>> => ({
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': port,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': port,
});

async function launch({ name, folder, outerPort, keepsNothing = false }: Launch): Promise<Browser> {
  if (name === 'firefox')
    return launchBrowser({
      browser: 'firefox',
      executablePath: program('firefox-esr'),
      headless: true,
      userDataDir: folder,
      extraPrefsFirefox: { ...firefoxProxy(outerPort), ...(keepsNothing ? FIREFOX_KEEPS_NOTHING : {}) },
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
    // Chromium uses no proxy for addresses of this machine.
    args: ['--no-sandbox', '--disable-dev-shm-usage', `--proxy-server=http://127.0.0.1:${outerPort}`],
  });
}

const newProfile = (name: string): Promise<string> => mkdtemp(path.join(tmpdir(), `cio-${name}-`));

export async function startPuppeteer(name: 'chromium' | 'firefox', outerPort: number): Promise<Engine> {
  const folder = await newProfile(name);
  let browser = await launch({ name, folder, outerPort });
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
      const other = await launch({ name, folder: profile, outerPort, keepsNothing: true });
      others.push({ browser: other, folder: profile });
      return tabOf(await other.newPage(), name);
    },
    async killAndRestart() {
      const child = browser.process();
      if (!child) throw new Error(`${name} has no process`);
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      browser = await launch({ name, folder, outerPort });
    },
    async close() {
      for (const each of [...others, { browser, folder }]) {
        await each.browser.close();
        await rm(each.folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}
