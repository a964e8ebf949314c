/** A browser engine in which the scenarios of this folder run, whichever driver controls it. */

/** The abilities that a driver may lack: a scenario that needs one is skipped with the reason. */
export type Ability = 'kill' | 'private-window' | 'site-data-setting';

export interface Engine {
  readonly name: 'chromium' | 'firefox' | 'webkit';
  /** The abilities that this driver lacks, with the reason. */
  readonly cannot: Readonly<Partial<Record<Ability, string>>>;
  openTab(): Promise<Tab>;
  /** Opens a tab in a private window. Only if `cannot` does not name this ability. */
  openPrivateTab(): Promise<Tab>;
  /**
   * Opens a tab in a browser whose settings forbid sites to store data. Only if `cannot` does not name this
   * ability.
   */
  openTabThatKeepsNothing(): Promise<Tab>;
  /**
   * Kills the browser and starts it again with the same profile. Only if `cannot` does not name this ability.
   */
  killAndRestart(): Promise<void>;
  close(): Promise<void>;
}

/** Finds a frame. The function runs in the page. */
export type FindFrame = () => HTMLIFrameElement | undefined;

export interface Tab {
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>;
  /** Runs the function in the page and awaits its promise. The function can use only its arguments. */
  evaluate<T, Args extends readonly unknown[]>(
    act: (...args: Args) => T | Promise<T>,
    ...args: Args
  ): Promise<T>;
  /**
   * Clicks the element with this CSS selector, as a visitor does. `frame` returns the frame that has the
   * element, and runs in the page; without `frame`, the page itself has the element.
   */
  click(selector: string, frame?: FindFrame): Promise<void>;
  /** Presses a key, as a visitor does. */
  press(key: 'Escape'): Promise<void>;
  /** Returns the visible text of the frame's document, also if the page itself cannot read the document. */
  textOf(frame: FindFrame): Promise<string>;
  /** Closes the tab as its user does: the page's event handlers run. */
  close(): Promise<void>;
}

/** Calls `holds` until it returns true. @throws after 20 s, with what was waited for and the last result */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      last = await holds();
      if (last === true) return;
    } catch (cause) {
      // A page that is being replaced cannot evaluate anything.
      last = cause;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited for ${what}: ${String(last)}`);
}

/** Waits until the tab shows this page of the same origin. */
export const untilAt = (tab: Tab, to: string): Promise<void> =>
  until(`the page ${to}`, () =>
    tab.evaluate(
      (path) => location.pathname + location.search === path && document.readyState === 'complete',
      to,
    ),
  );

/** Makes the calls and navigates to another page of the same origin, in one task of the page. */
export async function leave<Args extends readonly unknown[]>(
  tab: Tab,
  to: string,
  act: (...args: Args) => void,
  ...args: Args
): Promise<void> {
  const leaving = `(...args) => { (${act.toString()})(...args); location.href = ${JSON.stringify(to)}; }`;
  // The page may be gone before its response arrives.
  await tab.evaluate(text, leaving, args as readonly unknown[]).catch(() => undefined);
  await untilAt(tab, to);
}

/** Makes the calls and reloads the page, in one task of the page. */
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

/** Runs a function that is passed as text. */
export const text = (source: string, args: readonly unknown[]): unknown =>
  // oxlint-disable-next-line no-implied-eval -- the page of a test
  (new Function(`return (${source})`)() as (...given: readonly unknown[]) => unknown)(...args);
