import type { FakeClock } from '../../fakes/clock.ts';
import type { Random } from '../../fakes/random.ts';
import type { Page } from './page.ts';

/**
 * `breaks`: now and then a handle is dead, a request fails, a transaction is not kept, or is kept and said not to be.
 * `hangs`: no answer. `refuses`: as in some private windows. `full`: no room for anything new.
 */
export type Mood = 'well' | 'breaks' | 'hangs' | 'refuses' | 'full';

/** What all databases of one disk have in common: how quick it is, and what is wrong with it. */
export interface Spindle {
  mood(): Mood;
  become(mood: Mood): void;
  /** Whether this breaks now, as often as `of` says, where things break at all. */
  breaks(of: number): boolean;
  happens(of: number): boolean;
  failure(name: string): DOMException;
  /** The next thing that the browser does by itself, as soon as the disk answers. */
  next(act: () => void): void;
  /** Events come to a page in their order. */
  tell(page: Page, code: () => void): void;
}

const SLOWEST_MS = 4;

export function createSpindle(clock: FakeClock, random: Random): Spindle {
  const inboxes = new WeakMap<Page, (() => void)[]>();
  let mood: Mood = 'well';
  let stalled: (() => void)[] = [];

  const spindle: Spindle = {
    mood: () => mood,
    become(next) {
      mood = next;
      if (mood === 'hangs') return;
      for (const act of stalled.splice(0)) spindle.next(act);
    },
    breaks: (of) => mood === 'breaks' && random.chance(of),
    happens: random.chance,
    failure: (name) => new DOMException(`The disk: ${mood}`, name),
    next: (act) =>
      void clock.after(random.below(SLOWEST_MS), () => {
        if (mood === 'hangs') stalled.push(act);
        else act();
      }),
    tell(page, code) {
      const inbox = inboxes.get(page) ?? [];
      inboxes.set(page, inbox);
      inbox.push(code);
      page.task(random.below(SLOWEST_MS), () => inbox.shift()?.());
    },
  };
  return spindle;
}
