/** Simulates a visitor whose clock is wrong: `Date` is changed, timers are not. */
import type { Page } from 'playwright';

export const DAY_MS = 86_400_000;

declare global {
  interface Window {
    clockOffsetMs: number;
  }
}

const KEY = 'clock-offset';

/** Gives all pages that this tab loads from now on a clock that is wrong by `offsetMs`. */
export const wrongClock = (page: Page, offsetMs = 0): Promise<unknown> =>
  page.addInitScript(
    ([key, initial]) => {
      const RealDate = Date;
      const now = (): number => RealDate.now() + window.clockOffsetMs;
      window.clockOffsetMs = Number(sessionStorage.getItem(key) ?? initial);
      window.Date = new Proxy(RealDate, {
        construct: (target, given, as) =>
          Reflect.construct(target, given.length ? given : [now()], as) as object,
        get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
      });
    },
    [KEY, offsetMs] as const,
  );

/** Changes the clock of the open page from now on. */
export const setClock = (page: Page, offsetMs: number): Promise<void> =>
  page.evaluate(
    ([key, offset]) => {
      sessionStorage.setItem(key, String(offset));
      window.clockOffsetMs = offset;
    },
    [KEY, offsetMs] as const,
  );

/** Changes the clock from the next page of this tab on; the open page keeps its clock. */
export const setNextClock = (page: Page, offsetMs: number): Promise<void> =>
  page.evaluate(([key, offset]) => sessionStorage.setItem(key, String(offset)), [KEY, offsetMs] as const);
