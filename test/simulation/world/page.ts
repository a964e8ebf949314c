import { AsyncLocalStorage } from 'node:async_hooks';
import type { FakeClock } from '../../fakes/clock.ts';

/**
 * One page of the browser, as its code has it: an event loop that the browser may stop for a while, or for ever. The code of a
 * page runs in its own async context, so that every function of the browser knows who has called, also after an `await`,
 * and what a page has begun stays its own when another takes its place.
 */
export interface Page {
  readonly name: string;
  life(): Life;
  /** Runs code of this page now, unless it is not running. */
  run(code: () => void): void;
  /** The same with an answer, for whoever knows that it is running. */
  ask<T>(code: () => T): T;
  /** A task of its event loop. It waits while the page is suspended, and never comes when the page is gone. */
  task(delayMs: number, code: () => void): () => void;
  /** A task that the page itself has asked for. */
  timer(delayMs: number, code: () => void): () => void;
  /** How many it waits for. */
  timers(): number;
  /** A promise of the browser: settled by a task. */
  promise<T>(work: (settle: Settle<T>) => void): Promise<T>;
  /** Whether what happens elsewhere reaches it, be it later: not so in the back/forward cache. */
  isActive(): boolean;
  suspend(active: boolean): void;
  resume(): void;
  /** The process is gone: nothing that it has begun goes on. */
  die(): void;
  /** What the rest of the browser does when this page is gone. */
  onDeath(run: () => void): void;
}

export type Life = 'running' | 'suspended' | 'gone';

export interface Settle<T> {
  resolve(value: T, delayMs?: number): void;
  reject(cause: unknown, delayMs?: number): void;
}

const running = new AsyncLocalStorage<Page>();

/** The page whose code is running. */
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
