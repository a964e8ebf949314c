import { vi } from 'vitest';
import type { ConsentDecision, ConsentSource } from '../../src/sdk/consent/source.ts';

/** The page's own names, for stand-ins of consent platforms. */
export const page = window as unknown as Record<string, unknown>;

/** Lets everything happen that a minute brings. */
export const aMinute = (): Promise<unknown> => vi.advanceTimersByTimeAsync(61_000);

/** Lets happen what a platform does at once. */
export const aMoment = (): Promise<unknown> => vi.advanceTimersByTimeAsync(60);

export const say = (type: string, detail?: unknown): void =>
  void window.dispatchEvent(new CustomEvent(type, { detail }));

const stops = new Set<() => void>();

/** Ends what tests have begun to listen to. */
export function stopListening(): void {
  for (const stop of stops) stop();
  stops.clear();
}

/** Subscribes, and writes down what is told. */
export function listenTo(source: ConsentSource): {
  readonly told: ConsentDecision[];
  states(): readonly string[];
  readonly stop: () => void;
} {
  const told: ConsentDecision[] = [];
  const stop = source.subscribe((decision) => told.push(decision));
  stops.add(stop);
  return { told, states: () => told.map(({ state }) => state), stop };
}

/** Counts what is listened to on `window`. */
export function countListeners(): () => number {
  const open = new Map<string, Set<unknown>>();
  const { addEventListener, removeEventListener } = window;
  const of = (type: string): Set<unknown> =>
    open.get(type) ?? open.set(type, new Set()).get(type) ?? new Set();
  vi.spyOn(window, 'addEventListener').mockImplementation((type: string, listener: unknown) => {
    of(type).add(listener);
    addEventListener.call(window, type, listener as EventListener);
  });
  vi.spyOn(window, 'removeEventListener').mockImplementation((type: string, listener: unknown) => {
    of(type).delete(listener);
    removeEventListener.call(window, type, listener as EventListener);
  });
  return () => [...open.values()].reduce((sum, { size }) => sum + size, 0);
}
