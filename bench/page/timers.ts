/** Counts the page's timers. Runs before every other script of the page. */

export interface TimerCounts {
  /** How many timers, animation frames and idle callbacks wait now. */
  readonly waiting: number;
  /** How many have run since the page came. */
  readonly fired: number;
}

declare global {
  interface Window {
    timerCounts(): TimerCounts;
  }
}

const waiting = new Set<string>();
let fired = 0;

type Callback = (...args: unknown[]) => unknown;

function watch(set: string, clear: string, repeats: boolean): void {
  const page = window as unknown as Record<string, (...args: unknown[]) => unknown>;
  const original = page[set]?.bind(window);
  const cancel = page[clear]?.bind(window);
  if (!original || !cancel) return;
  page[set] = (callback, ...rest) => {
    const id = original(
      (...args: unknown[]) => {
        fired++;
        if (!repeats) waiting.delete(`${set} ${String(id)}`);
        (callback as Callback)(...args);
      },
      ...rest,
    );
    waiting.add(`${set} ${String(id)}`);
    return id;
  };
  page[clear] = (id) => {
    // Timeouts and intervals have one list of ids: https://html.spec.whatwg.org/#timers
    const names =
      clear === 'clearTimeout' || clear === 'clearInterval' ? ['setTimeout', 'setInterval'] : [set];
    for (const name of names) waiting.delete(`${name} ${String(id)}`);
    return cancel(id);
  };
}
watch('setTimeout', 'clearTimeout', false);
watch('setInterval', 'clearInterval', true);
watch('requestAnimationFrame', 'cancelAnimationFrame', false);
watch('requestIdleCallback', 'cancelIdleCallback', false);

window.timerCounts = () => ({ waiting: waiting.size, fired });
