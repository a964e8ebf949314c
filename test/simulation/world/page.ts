import { AsyncLocalStorage } from 'node:async_hooks';
import type { FakeClock } from '../../fakes/clock.ts';

/**
 * One page of the browser: an event loop that the browser may stop for a while, or end. The code of a page
 * runs in an async context of its own. So every browser function knows which page has called it, also after
 * an `await`, and timers and promises stay with their page when another page replaces it.
 */
export interface Page {
  readonly name: string;
  life(): Life;
  /** Runs code of this page now, unless the page does not run. */
  run(code: () => void): void;
  /** Runs code of this page and returns its result. The caller must know that the page is running. */
  ask<T>(code: () => T): T;
  /**
   * Adds a task to the event loop. The task waits while the page is suspended, and never runs when the page
   * has ended.
   */
  task(delayMs: number, code: () => void): () => void;
  /** Adds a task for a timer of the page. */
  timer(delayMs: number, code: () => void): () => void;
  /** The number of timers that are set. */
  timers(): number;
  /** Makes a promise of the browser, which is settled by a task of the page. */
  promise<T>(work: (settle: Settle<T>) => void): Promise<T>;
  /** Whether messages from elsewhere reach the page, now or later: false in the back/forward cache. */
  isActive(): boolean;
  suspend(active: boolean): void;
  resume(): void;
  /** Ends the process of the page: none of its tasks run any more. */
  die(): void;
  /** Adds a function that the rest of the browser runs when this page has ended. */
  onDeath(run: () => void): void;
}

export type Life = 'running' | 'suspended' | 'gone';

export interface Settle<T> {
  resolve(value: T, delayMs?: number): void;
  reject(cause: unknown, delayMs?: number): void;
}

const running = new AsyncLocalStorage<Page>();

/** Returns the page whose code is running. */
export function currentPage(): Page {
  const page = running.getStore();
  if (!page) throw new Error('Code of no page has asked the browser');
  return page;
}

export function createPage(name: string, clock: FakeClock): Page {
  let life: Life = 'running';
  let active = true;
  let asleep: (() => void)[] = [];
  let timers = 0;
  const stops = new Set<() => void>();
  const ends: (() => void)[] = [];

  const page: Page = {
    name,
    life: () => life,
    run(code) {
      if (life === 'running') running.run(page, code);
    },
    ask: (code) => running.run(page, code),
    task(delayMs, code) {
      if (life === 'gone') return () => undefined;
      let over = false;
      function come(): void {
        stops.delete(stop);
        if (over) return;
        if (life === 'suspended') asleep.push(come);
        else {
          over = true;
          page.run(code);
        }
      }
      const unset = clock.after(delayMs, come);
      const stop = (): void => {
        over = true;
        unset();
        stops.delete(stop);
      };
      stops.add(stop);
      return stop;
    },
    timer(delayMs, code) {
      if (life === 'gone') return () => undefined;
      let isSet = true;
      timers += 1;
      const unset = (): void => {
        if (isSet) timers -= 1;
        isSet = false;
      };
      const stop = page.task(delayMs, () => {
        unset();
        code();
      });
      return () => {
        unset();
        stop();
      };
    },
    timers: () => timers,
    promise: (work) =>
      new Promise((resolve, reject) => {
        work({
          resolve: (value, delayMs = 0) => void page.task(delayMs, () => resolve(value)),
          reject: (cause, delayMs = 0) => void page.task(delayMs, () => reject(cause)),
        });
      }),
    isActive: () => active,
    suspend(stays) {
      if (life !== 'running') return;
      life = 'suspended';
      active = stays;
    },
    resume() {
      if (life !== 'suspended') return;
      life = 'running';
      active = true;
      for (const come of asleep.splice(0)) clock.after(0, come);
    },
    die() {
      if (life === 'gone') return;
      life = 'gone';
      active = false;
      asleep = [];
      for (const stop of [...stops]) stop();
      for (const end of ends) end();
    },
    onDeath: (run) => void ends.push(run),
  };
  return page;
}
