/** Tests that the consent source of every platform must pass. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ConsentSource } from '../../../../../src/sdk/consent/source.ts';
import { WRONG_OPTIONS, wrongValues } from './wrong-options.ts';
import {
  aMinute,
  aMoment,
  countListeners,
  listenTo,
  page,
  stopListening,
} from '../../../../fakes/consent-page.ts';

/** A platform as its documentation describes it. */
export interface StandIn {
  /** The global names of the platform. */
  readonly names: readonly string[];
  /** The platform loads, and the visitor has not decided. */
  arrive(): void;
  grant(): void;
  deny(): void;
  /** The platform reports a change, although nothing has changed. */
  tellAgain(): void;
  /** The platform loads, and its functions throw. */
  arriveBroken(): void;
  /** The platform loads, and does not ask this visitor. */
  arriveWithoutBanner?(): void;
  /** The number of listeners on the platform, if listeners can be removed there. */
  listeners?(): number;
}

/** @param wrongKinds wrong values of the options that only this source has */
export function conforms(
  makeSource: (options?: never) => ConsentSource,
  makeStandIn: () => StandIn,
  wrongKinds: Readonly<Record<string, readonly unknown[]>> = {},
): void {
  let standIn: StandIn;
  let source: ConsentSource;

  beforeEach(() => {
    vi.useFakeTimers();
    standIn = makeStandIn();
    source = makeSource();
  });

  afterEach(() => {
    stopListening();
    vi.restoreAllMocks();
    vi.useRealTimers();
    for (const name of standIn.names) Reflect.deleteProperty(page, name);
  });

  describe('as every source', () => {
    test('knows nothing where its platform never comes, and stops looking for it', async () => {
      const { told } = listenTo(source);
      await aMinute();
      await aMinute();
      expect(source.get()).toBeUndefined();
      expect(told).toEqual([]);
      expect(vi.getTimerCount()).toBe(0);
    });

    test('is undecided while the banner is open', async () => {
      standIn.arrive();
      const { told } = listenTo(source);
      await aMoment();
      expect(source.get()).toBeUndefined();
      expect(told).toEqual([]);
    });

    test('tells what the visitor decides, and what he decides then', async () => {
      standIn.arrive();
      const { states } = listenTo(source);
      await aMoment();
      standIn.grant();
      await aMoment();
      expect(source.get()?.state).toBe('granted');
      standIn.deny();
      await aMoment();
      expect(source.get()?.state).toBe('denied');
      standIn.grant();
      await aMoment();
      expect(states()).toEqual(['granted', 'denied', 'granted']);
    });

    test('finds a platform that comes late', async () => {
      const { states } = listenTo(source);
      await vi.advanceTimersByTimeAsync(20_000);
      standIn.arrive();
      await aMinute();
      standIn.grant();
      await aMoment();
      expect(states()).toEqual(['granted']);
    });

    test('knows a decision that was made before', async () => {
      standIn.arrive();
      standIn.grant();
      const { told } = listenTo(source);
      await aMoment();
      expect(source.get()?.state).toBe('granted');
      expect(told.length).toBeLessThan(2);
    });

    test('tells nothing of a change without a change', async () => {
      standIn.arrive();
      standIn.grant();
      const { told } = listenTo(source);
      await aMoment();
      const before = told.length;
      standIn.tellAgain();
      standIn.tellAgain();
      await aMoment();
      expect(told).toHaveLength(before);
    });

    test('tells each of those who listen, until he stops', async () => {
      standIn.arrive();
      const one = listenTo(source);
      const other = listenTo(source);
      await aMoment();
      standIn.grant();
      await aMoment();
      one.stop();
      one.stop();
      standIn.deny();
      await aMoment();
      expect(one.states()).toEqual(['granted']);
      expect(other.states()).toEqual(['granted', 'denied']);
    });

    test('leaves nothing behind when it is stopped, and can be begun again', async () => {
      const listeners = countListeners();
      listenTo(source).stop();
      expect([listeners(), vi.getTimerCount()]).toEqual([0, 0]);
      standIn.arrive();
      const { stop, told } = listenTo(source);
      await aMoment();
      standIn.tellAgain();
      stop();
      expect([listeners(), vi.getTimerCount(), standIn.listeners?.() ?? 0]).toEqual([0, 0, 0]);
      standIn.grant();
      await aMoment();
      expect(told).toEqual([]);
      const again = listenTo(source);
      await aMoment();
      standIn.deny();
      await aMoment();
      expect(again.states().at(-1)).toBe('denied');
      again.stop();
    });

    test('says nothing where its platform throws, and warns once', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      const listeners = countListeners();
      standIn.arriveBroken();
      const { told, stop } = listenTo(source);
      standIn.tellAgain();
      await aMinute();
      expect(source.get()).toBeUndefined();
      expect(told).toEqual([]);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.lastCall?.[0]).toContain(`"${source.name}"`);
      stop();
      expect([listeners(), vi.getTimerCount()]).toEqual([0, 0]);
    });

    test.each([
      [null],
      [0],
      [''],
      ['text'],
      [{}],
      [[]],
      [() => undefined],
      [document.createElement('script')],
    ])('says nothing where the page has %s in its place', async (value) => {
      for (const name of standIn.names) page[name] = value;
      const { told, stop } = listenTo(source);
      await aMoment();
      expect(source.get()).toBeUndefined();
      expect(told).toEqual([]);
      stop();
    });

    test('lets no listener harm the page, or another listener', async () => {
      vi.spyOn(console, 'warn').mockImplementation(() => undefined);
      standIn.arrive();
      const stop = source.subscribe(() => {
        throw new Error('listener');
      });
      const { states } = listenTo(source);
      await aMoment();
      standIn.grant();
      await aMoment();
      expect(states()).toEqual(['granted']);
      stop();
    });

    test('may be stopped by who is told', async () => {
      const listeners = countListeners();
      const told: string[] = [];
      const stop = source.subscribe(({ state }) => {
        told.push(state);
        stop();
      });
      await vi.advanceTimersByTimeAsync(20_000);
      standIn.arrive();
      standIn.grant();
      await aMinute();
      standIn.deny();
      await aMoment();
      expect(told).toEqual(['granted']);
      expect([listeners(), vi.getTimerCount(), standIn.listeners?.() ?? 0]).toEqual([0, 0, 0]);
    });

    test.each([...WRONG_OPTIONS, ...wrongValues(wrongKinds)])(
      'prints one error and never decides: %s',
      async (_name, options, expected) => {
        const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
        const listeners = countListeners();
        const silent = makeSource(options as never);
        expect(error).toHaveBeenCalledTimes(1);
        const text = String(error.mock.lastCall?.[0]);
        for (const part of [`${source.name}: `, ...expected, HELP_URL]) expect(text).toContain(part);
        expect(text.length).toBeLessThan(400);
        standIn.arrive();
        const { told, stop } = listenTo(silent);
        for (const choose of [standIn.grant, standIn.deny, standIn.grant]) {
          choose();
          await aMoment();
        }
        expect([silent.name, silent.get(), told]).toEqual([source.name, undefined, []]);
        // Another source must not grant without this one.
        expect(silent.onlyDenies ?? false).toBe(false);
        expect([listeners(), vi.getTimerCount(), standIn.listeners?.() ?? 0]).toEqual([0, 0, 0]);
        stop();
        expect(error).toHaveBeenCalledTimes(1);
      },
    );

    test('takes options that are undefined for missing ones, and any object of options', async () => {
      const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const options = Object.assign(Object.create(null) as object, {
        require: undefined,
        purposes: undefined,
      });
      const { states } = listenTo(makeSource(options as never));
      standIn.arrive();
      standIn.grant();
      await aMinute();
      expect(states()).toEqual(['granted']);
      expect(error).not.toHaveBeenCalled();
    });

    test.each([
      { require: ['C9999'] },
      { purposes: { analytics: ['C9999'], messaging: ['C9999', 'constructor'] } },
      { require: ['C9999'], purposes: { analytics: ['C9999'] } },
    ])('names the ids that the platform does not have, once: %j', async (options) => {
      const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const mistaken = makeSource(options as never);
      const { states } = listenTo(mistaken);
      const { told } = listenTo(source);
      standIn.arrive();
      await aMinute();
      expect(error).not.toHaveBeenCalled();
      for (const choose of [standIn.grant, standIn.deny, standIn.grant]) {
        choose();
        await aMoment();
      }
      expect(states()).not.toContain('granted');
      expect(mistaken.get()?.state).toBe('denied');
      expect(error).toHaveBeenCalledTimes(1);
      const text = String(error.mock.lastCall?.[0]);
      expect(text).toContain(`${source.name}: the platform has no ["C9999"`);
      const ids = Object.keys(told[0]?.categories ?? {});
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(text).toContain(`"${id}"`);
      expect(text).toContain(HELP_URL);
    });

    test('is granted where the platform does not ask this visitor', async () => {
      if (!standIn.arriveWithoutBanner) return;
      const { states } = listenTo(source);
      standIn.arriveWithoutBanner();
      await aMinute();
      expect(source.get()?.state).toBe('granted');
      expect(states()).toEqual(['granted']);
    });
  });
}

export const HELP_URL =
  'https://github.com/cio-first-party/cio-first-party/blob/main/docs/errors/invalid-options.md';

export const broken = (): never => {
  throw new Error('platform');
};
