/** Controls WebKitGTK by WebDriver. WebKitGTK needs a screen, for which Xvfb is a stand-in. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { Builder, By, Capabilities, Key, type WebDriver, type WebElement } from 'selenium-webdriver';
import { program } from '../support/setup/programs.ts';
import { type Engine, type FindFrame, type Tab, until } from './engine.ts';

const LIBRARIES = '/usr/lib';

/** Finds WebKitGTK's MiniBrowser, which can be driven and is in no folder of PATH. */
function miniBrowser(): string {
  for (const machine of readdirSync(LIBRARIES)) {
    const file = `${LIBRARIES}/${machine}/webkit2gtk-4.1/MiniBrowser`;
    if (existsSync(file)) return file;
  }
  throw new Error('The tests need webkit2gtk-driver: install it');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function startScreen(): Promise<{ readonly child: ChildProcess; readonly display: string }> {
  const child = spawn(
    program('Xvfb'),
    ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    },
  );
  const [chunk] = (await once(child.stdio[3] as Readable, 'data')) as [Buffer];
  return { child, display: `:${String(chunk).trim()}` };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

export async function startWebKit(outerPort: number): Promise<Engine> {
  const screen = await startScreen();
  const port = await freePort();
  const server = spawn(program('WebKitWebDriver'), [`--port=${port}`], {
    env: { ...process.env, DISPLAY: screen.display },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  await until('WebKitWebDriver', async () => (await fetch(`${url}/status`)).ok);
  const capabilities = new Capabilities();
  capabilities.set('browserName', 'MiniBrowser');
  // The capability `proxy` of WebKitWebDriver leads only `http:` URLs through an HTTP proxy.
  const proxy = [
    `--proxy=http://127.0.0.1:${outerPort}`,
    '--ignore-host=localhost',
    '--ignore-host=127.0.0.1',
  ];
  capabilities.set('webkitgtk:browserOptions', { binary: miniBrowser(), args: ['--automation', ...proxy] });
  const driver = await new Builder().usingServer(url).withCapabilities(capabilities).build();
  await driver.manage().setTimeouts({ script: 30_000, pageLoad: 30_000 });
  const only = await driver.getWindowHandle();
  const use = turns();

  return {
    name: 'webkit',
    cannot: {
      kill: 'A WebDriver session of WebKitGTK keeps nothing for the next one',
      'private-window': 'WebDriver of WebKitGTK opens none, and its sessions are private themselves',
      'site-data-setting': 'WebDriver of WebKitGTK cannot change it',
    },
    openTab: () =>
      use(async () => {
        // The first window stays open, because the session ends with its last window.
        await driver.switchTo().window(only);
        await driver.switchTo().newWindow('window');
        return tabOf(driver, await driver.getWindowHandle(), use);
      }),
    openTabThatKeepsNothing: () => Promise.reject(new Error('WebKitGTK has no such setting here')),
    openPrivateTab: () => Promise.reject(new Error('WebKitGTK has no private window here')),
    killAndRestart: () => Promise.reject(new Error('WebKitGTK keeps no profile here')),
    async close() {
      await driver.quit();
      await stop(server);
      await stop(screen.child);
    },
  };
}

type Use = <T>(act: () => Promise<T>) => Promise<T>;

/** Runs commands one after the other, because the session has one current window. */
function turns(): Use {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const next = last.then(act, act);
    last = next.catch(() => undefined);
    return next;
  };
}

function tabOf(driver: WebDriver, handle: string, use: Use): Tab {
  const inTab = <T>(act: () => Promise<T>): Promise<T> =>
    use(async () => {
      await driver.switchTo().window(handle);
      return act();
    });
  /** Makes the frame the one that the commands of `act` use. */
  const inFrame = <T>(find: FindFrame, act: () => Promise<T>): Promise<T> =>
    inTab(async () => {
      const frame: WebElement = await driver.executeScript(`return (${find.toString()})()`);
      await driver.switchTo().frame(frame);
      try {
        return await act();
      } finally {
        await driver.switchTo().defaultContent();
      }
    });
  const clickOn = (selector: string): Promise<void> => driver.findElement(By.css(selector)).click();
  return {
    goto: (url) => inTab(() => driver.get(url)),
    evaluate: (act, ...args) =>
      inTab(async () => {
        const answer: { value?: unknown; error?: string } = await driver.executeAsyncScript(
          `const done = arguments[arguments.length - 1];
          (async () => (${act.toString()})(...arguments[0]))().then(
            (value) => done({ value }),
            (error) => done({ error: String(error?.stack ?? error) }));`,
          args,
        );
        if (answer.error !== undefined) throw new Error(answer.error);
        return answer.value as never;
      }),
    click: (selector, find) =>
      find ? inFrame(find, () => clickOn(selector)) : inTab(() => clickOn(selector)),
    press: (key) => inTab(() => driver.actions().sendKeys({ Escape: Key.ESCAPE }[key]).perform()),
    textOf: (find) => inFrame(find, () => driver.findElement(By.css('body')).getText()),
    close: () => inTab(() => driver.close()),
  };
}
