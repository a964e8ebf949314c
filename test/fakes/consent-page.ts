import { vi } from 'vitest';
import type { ConsentDecision, ConsentSource } from '../../src/sdk/consent/source.ts';

/** The global names of the page, on which tests put stand-ins for consent platforms. */
export const page = window as unknown as Record<string, unknown>;

/** Runs all timers of the next minute. */
export const aMinute = (): Promise<unknown> => vi.advanceTimersByTimeAsync(61_000);

/** Runs the timers that a consent platform sets without a delay. */
export const aMoment = (): Promise<unknown> => vi.advanceTimersByTimeAsync(60);

export const say = (type: string, detail?: unknown): void =>
  void window.dispatchEvent(new CustomEvent(type, { detail }));

const stops = new Set<() => void>();

/** Ends all subscriptions that tests have made with `listenTo`. */
export function stopListening(): void {
  for (const stop of stops) stop();
  stops.clear();
}

/** Subscribes to the source, and collects the decisions that the source reports. */
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

/** Counts the event listeners that are added to `window`. */
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
