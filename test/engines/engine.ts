/** A browser engine that the scenarios of this folder run in, whatever speaks to it. */

/** What a driver cannot do: a scenario that needs it is a skip that names the reason. */
export type Ability = 'kill' | 'private-window' | 'site-data-setting';

export interface Engine {
  readonly name: 'chromium' | 'firefox' | 'webkit';
  /** Why it cannot do something. */
  readonly cannot: Readonly<Partial<Record<Ability, string>>>;
  openTab(): Promise<Tab>;
  /** A tab of a window that keeps nothing. Only where `cannot` does not name it. */
  openPrivateTab(): Promise<Tab>;
  /** A tab of a browser whose user lets sites keep nothing. Only where `cannot` does not name it. */
  openTabThatKeepsNothing(): Promise<Tab>;
  /** Ends the browser without a word, and starts it again with the same profile. Only where `cannot` does not name it. */
  killAndRestart(): Promise<void>;
  close(): Promise<void>;
}

export interface Tab {
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>;
  /** Runs the function in the page; its promise is awaited. It sees nothing but its arguments. */
  evaluate<T, Args extends readonly unknown[]>(
    act: (...args: Args) => T | Promise<T>,
    ...args: Args
  ): Promise<T>;
  /** Closes the tab as its user does: the page's own handlers run. */
  close(): Promise<void>;
}

/** Asks until the answer is yes. @throws after 20 s, naming what was waited for and the last answer */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      last = await holds();
      if (last === true) return;
    } catch (cause) {
      // A page that is being replaced answers nothing.
      last = cause;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited for ${what}: ${String(last)}`);
}

/** Makes the calls and leads the tab to another page of the same origin, in one task of the page. */
export async function leave<Args extends readonly unknown[]>(
  tab: Tab,
  to: string,
  act: (...args: Args) => void,
  ...args: Args
): Promise<void> {
  const leaving = `(...args) => { (${act.toString()})(...args); location.href = ${JSON.stringify(to)}; }`;
  // The answer may not come any more.
  await tab.evaluate(text, leaving, args as readonly unknown[]).catch(() => undefined);
  await until(`the page ${to}`, () =>
    tab.evaluate(
      (path) => location.pathname + location.search === path && document.readyState === 'complete',
      to,
    ),
  );
}

/** Makes the calls and loads the same page anew, in one task of the page. */
export async function reloads<Args extends readonly unknown[]>(
  tab: Tab,
  act: (...args: Args) => void,
  ...args: Args
): Promise<void> {
  const reloading = `(...args) => { window.isOld = true; (${act.toString()})(...args); location.reload(); }`;
  await tab.evaluate(text, reloading, args as readonly unknown[]).catch(() => undefined);
  await until('the same page anew', () =>
    tab.evaluate(() => !('isOld' in window) && document.readyState === 'complete'),
  );
}

/** Runs a function that is given as text. */
export const text = (source: string, args: readonly unknown[]): unknown =>
  // oxlint-disable-next-line no-implied-eval -- the page of a test
  (new Function(`return (${source})`)() as (...given: readonly unknown[]) => unknown)(...args);
