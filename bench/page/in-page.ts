/** What runs in the page itself: the same calls for every SDK. */
import { eventNumber } from './events.ts';
import { MEASURED_MARK } from './marks.ts';

/** The SDK of this page, made equal to the others by its candidate. */
interface PageSdk {
  track(name: string, properties: object): unknown;
}

export interface Burst {
  /** The loop of calls alone. */
  readonly callsMs: number;
  /** The whole task: with all that the calls have left to microtasks. */
  readonly taskMs: number;
  /** When the last call had returned, in milliseconds since the epoch. */
  readonly lastCallAt: number;
}

export interface Start {
  /** From before the script's evaluation until the first `track()` has returned. */
  readonly acceptedMs: number;
  /** Until the SDK itself has that event, and not a stub that keeps it for the SDK. */
  readonly takenMs: number;
  /** When the evaluation began, in milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface StartScripts {
  readonly source: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly after: string;
}

declare global {
  interface Window {
    sdk: PageSdk;
    /** To be called when the SDK itself has an event. */
    taken(): void;
    bench: typeof bench;
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** The next task, before any timer. */
const nextTask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });

function track(number: number): unknown {
  const { name, properties } = eventNumber(number);
  return window.sdk.track(name, properties);
}

/** Only cio-first-party says when an event is durable. */
async function tracked(number: number): Promise<void> {
  const receipt = (await track(number)) as { readonly state?: unknown };
  if (receipt.state !== 'stored')
    throw new Error(`Event ${number} is not stored: ${JSON.stringify(receipt)}`);
}

function run(code: string, attributes: Readonly<Record<string, string>> = {}): void {
  const script = document.createElement('script');
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value);
  script.textContent = code;
  document.head.append(script);
}

const bench = {
  track: (number: number): void => void track(number),

  /** Evaluates the SDK's script, makes the SDK, and tracks. */
  async start(scripts: StartScripts, number: number): Promise<Start> {
    await nextTask();
    let startedAt = 0;
    const taken = new Promise<number>((resolve) => {
      window.taken = () => resolve(performance.now() - startedAt);
    });
    performance.mark(MEASURED_MARK);
    startedAt = performance.now();
    run(scripts.source, scripts.attributes);
    run(scripts.after);
    track(number);
    const acceptedMs = performance.now() - startedAt;
    return { acceptedMs, takenMs: await taken, startedAt: performance.timeOrigin + startedAt };
  },

  /** Tracks them in one task. */
  async burst(from: number, count: number): Promise<Burst> {
    await nextTask();
    performance.mark(MEASURED_MARK);
    const startedAt = performance.now();
    for (let number = from; number < from + count; number++) track(number);
    const calledAt = performance.now();
    await nextTask();
    return {
      callsMs: calledAt - startedAt,
      taskMs: performance.now() - startedAt,
      lastCallAt: performance.timeOrigin + calledAt,
    };
  },

  /** One event after the other: how long each took until it was durable. */
  async durableEach(from: number, count: number, everyMs: number): Promise<readonly number[]> {
    const tookMs: number[] = [];
    for (let number = from; number < from + count; number++) {
      const calledAt = performance.now();
      await tracked(number);
      tookMs.push(performance.now() - calledAt);
      await sleep(everyMs);
    }
    return tookMs;
  },

  /** All in one task: from the last call until the last one was durable. */
  async durableAll(from: number, count: number): Promise<number> {
    await nextTask();
    const all: Promise<void>[] = [];
    for (let number = from; number < from + count; number++) all.push(tracked(number));
    const calledAt = performance.now();
    await Promise.all(all);
    return performance.now() - calledAt;
  },

  /** Chromium without a screen hides no page, so the page is told. */
  hide(): void {
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
    Object.defineProperty(document, 'hidden', { get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  },

  /** One event each so many milliseconds. */
  async paced(from: number, count: number, everyMs: number): Promise<void> {
    const startedAt = performance.now();
    for (let index = 0; index < count; index++) {
      track(from + index);
      await sleep(Math.max(0, startedAt + (index + 1) * everyMs - performance.now()));
    }
  },
};
window.bench = bench;
