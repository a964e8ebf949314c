/**
 * A browser whose tabs are shown, hidden, frozen and discarded by the browser itself. Playwright shows all
 * pages at the same time and attaches a debugger to each, and Chromium does not discard a page with a
 * debugger. So this module controls Chromium through its pipe.
 * https://chromedevtools.github.io/devtools-protocol/
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { findChromium } from '../setup/chromium.ts';

/** The time after which a command on `chrome://discards` that had no effect is repeated. */
const CLICK_AGAIN_AFTER_MS = 5_000;

export interface RealTab {
  /** Evaluates an expression in the page, and awaits its promise. */
  evaluate<T>(expression: string): Promise<T>;
  /** Shows this tab; the tab that was visible becomes hidden. A discarded tab is loaded again. */
  show(): Promise<void>;
  /**
   * Freezes the page, as the browser does with tabs that are hidden for minutes: no task of the page runs,
   * timers included.
   */
  freeze(): Promise<void>;
  /**
   * Discards the page, as the browser does when memory is short: the page ends without an event, and its tab
   * stays.
   */
  discard(): Promise<void>;
}

export interface RealTabs {
  /** Opens a tab and shows it. */
  open(url: string): Promise<RealTab>;
  close(): Promise<void>;
}

export async function startRealTabs(): Promise<RealTabs> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cio-tabs-'));
  const child = spawn(
    findChromium() ?? 'chromium',
    [
      '--headless',
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-pipe',
      `--user-data-dir=${folder}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  const ask = speak(child);

  async function attached<T>(targetId: string, use: (sessionId: string) => Promise<T>): Promise<T> {
    const { sessionId } = await ask<{ sessionId: string }>('Target.attachToTarget', {
      targetId,
      flatten: true,
    });
    try {
      return await use(sessionId);
    } finally {
      await ask('Target.detachFromTarget', { sessionId });
    }
  }

  async function evaluate<T>(expression: string, sessionId: string): Promise<T> {
    const { result, exceptionDetails } = await ask<Evaluated>(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true },
      sessionId,
    );
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as T;
  }

  async function openTarget(url: string): Promise<string> {
    return (await ask<{ targetId: string }>('Target.createTarget', { url })).targetId;
  }

  /** The browser's own page on which people can freeze and discard tabs by hand. */
  const workbench = await openTarget('chrome://chrome-urls');
  await attached(workbench, async (sessionId) => {
    await until(() => evaluate<boolean>(clickOn('/enable/i'), sessionId), 'the switch for such pages');
    await ask('Page.navigate', { url: 'chrome://discards' }, sessionId);
  });

  async function command(action: string, url: string, done: RegExp): Promise<void> {
    await ask('Target.activateTarget', { targetId: workbench });
    await attached(workbench, async (sessionId) => {
      const row = JSON.stringify(url);
      const state = `(${ROW})(${row})?.innerText ?? ''`;
      let clickedAtMs = 0;
      await until(
        async () => {
          if (clickedAtMs && done.test(await evaluate<string>(state, sessionId))) return true;
          // Chromium ignores the command while it still works on the tab that was just hidden.
          const isDue = Date.now() - clickedAtMs > CLICK_AGAIN_AFTER_MS;
          if (isDue && (await evaluate<boolean>(clickOn(action, row), sessionId))) clickedAtMs = Date.now();
          return false;
        },
        `${url} to be ${String(done)} after ${action}`,
      );
    });
  }

  return {
    async open(url) {
      let targetId = await openTarget(url);
      return {
        evaluate: (expression) => attached(targetId, (sessionId) => evaluate(expression, sessionId)),
        async show() {
          // The page of a discarded tab has a new target when it is loaded again.
          await until(async () => {
            const { targetInfos } = await ask<{ targetInfos: readonly Target[] }>('Target.getTargets');
            const same = targetInfos.find((each) => each.targetId === targetId);
            targetId = (same ?? targetInfos.find((each) => each.url === url))?.targetId ?? targetId;
            return targetInfos.some((each) => each.targetId === targetId);
          }, url);
          await ask('Target.activateTarget', { targetId });
        },
        freeze: () => command('/^.Freeze/', url, /\bfrozen\b/),
        discard: () => command('/^.Urgent Discard/', url, /\bdiscarded\b/),
      };
    },
    async close() {
      void ask('Browser.close').catch(() => undefined);
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Target {
  readonly targetId: string;
  readonly url: string;
}

interface Evaluated {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly description?: string };
  };
}

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

type Ask = <T>(method: string, params?: object, sessionId?: string) => Promise<T>;

/** Sends and receives JSON messages that each end with a zero byte. */
function speak(child: ChildProcess): Ask {
  const [, , , to, from] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, (message: Message) => void>();
  let heard = '';
  let last = 0;
  from.setEncoding('utf8').on('data', (text: string) => {
    const messages = (heard + text).split('\0');
    heard = messages.pop() ?? '';
    for (const each of messages) {
      const message = JSON.parse(each) as Message;
      waiting.get(message.id ?? 0)?.(message);
      waiting.delete(message.id ?? 0);
    }
  });
  return (method, params = {}, sessionId) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, ({ result, error }) =>
        error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result as never),
      );
      to.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
    });
}

async function until(done: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await done().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Lists all elements of the browser's own pages, including those in shadow trees. */
const EVERY = `function every(root) {
  return [...root.querySelectorAll('*')].flatMap((each) => [each, ...(each.shadowRoot ? every(each.shadowRoot) : [])]);
}`;

const ROW = `(url) => {
  ${EVERY}
  return every(document).find((each) => each.tagName === 'TR' && each.querySelector('.actions-cell') && each.innerText.includes(url));
}`;

/** Returns whether the page had an element to click. */
const clickOn = (text: string, row?: string): string => `(() => {
  ${EVERY}
  const among = ${row ? `[...((${ROW})(${row})?.querySelectorAll('.actions-cell div') ?? [])]` : `every(document).filter((each) => /button/i.test(each.tagName))`};
  const found = among.find((each) => ${text}.test(each.textContent.trim()));
  found?.click();
  return Boolean(found);
})()`;
