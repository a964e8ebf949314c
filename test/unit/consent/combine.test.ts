import { afterEach, describe, expect, test, vi } from 'vitest';
import { combine } from '../../../src/consent/combine.ts';
import type { ConsentDecision, ConsentSource } from '../../../src/consent/source.ts';
import { custom } from '../../../src/consent/sources/custom.ts';
import { globalPrivacyControl } from '../../../src/consent/sources/global-privacy-control.ts';
import { listenTo, stopListening } from '../../fakes/consent-page.ts';

interface Switch extends ConsentSource {
  set(decision: ConsentDecision | undefined): void;
  readonly listeners: () => number;
}

function makeSwitch(decision?: ConsentDecision['state'], onlyDenies = false): Switch {
  const listeners = new Set<(decision: ConsentDecision) => void>();
  let current: ConsentDecision | undefined = decision && { state: decision };
  return {
    name: 'switch',
    onlyDenies,
    get: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(next) {
      current = next;
      if (next) for (const listener of listeners) listener(next);
    },
    listeners: () => listeners.size,
  };
}

afterEach(() => {
  stopListening();
  vi.restoreAllMocks();
  Reflect.deleteProperty(navigator, 'globalPrivacyControl');
});

describe('combine', () => {
  test.each([
    [['granted', 'granted'], 'granted'],
    [['granted', undefined], undefined],
    [['granted', 'denied'], 'denied'],
    [[undefined, 'denied'], 'denied'],
    [[undefined, undefined], undefined],
    [['granted'], 'granted'],
    [[], undefined],
  ] as const)('of %j is %s', (states, expected) => {
    expect(combine(states.map((state) => makeSwitch(state))).get()?.state).toBe(expected);
  });

  test('does not wait for those that can only deny, and lets them grant nothing', () => {
    expect(combine([makeSwitch('granted'), makeSwitch(undefined, true)]).get()?.state).toBe('granted');
    expect(combine([makeSwitch('granted'), makeSwitch('denied', true)]).get()?.state).toBe('denied');
    expect(combine([makeSwitch('granted', true)]).get()).toBeUndefined();
    expect(combine([makeSwitch('granted', true)]).onlyDenies).toBe(true);
  });

  test('lets Global Privacy Control deny what a banner has granted', () => {
    const granted = makeSwitch('granted');
    expect(combine([granted, globalPrivacyControl()]).get()?.state).toBe('granted');
    Object.defineProperty(navigator, 'globalPrivacyControl', { value: true, configurable: true });
    expect(combine([granted, globalPrivacyControl()]).get()?.state).toBe('denied');
    expect(combine([globalPrivacyControl()]).get()?.state).toBe('denied');
  });

  test('has a category on where nobody says that it is off', () => {
    const one = makeSwitch();
    const other = makeSwitch();
    one.set({ state: 'granted', categories: { analytics: true, messaging: true } });
    other.set({ state: 'granted', categories: { messaging: false, ads: true } });
    expect(combine([one, other]).get()).toEqual({
      state: 'granted',
      categories: { analytics: true, messaging: false, ads: true },
    });
  });

  test('tells what changes for all of them, and of nothing else', () => {
    const one = makeSwitch();
    const other = makeSwitch();
    const { told, stop } = listenTo(combine([one, other]));
    one.set({ state: 'granted' });
    expect(told).toEqual([]);
    other.set({ state: 'granted' });
    other.set({ state: 'granted' });
    one.set({ state: 'denied' });
    other.set({ state: 'denied' });
    one.set({ state: 'granted' });
    expect(told).toEqual([{ state: 'granted' }, { state: 'denied' }]);
    stop();
    expect([one.listeners(), other.listeners()]).toEqual([0, 0]);
  });

  test('hears what a banner tells at once', () => {
    const { states } = listenTo(combine([custom((tell) => tell('granted')), makeSwitch('granted')]));
    expect(states()).toEqual(['granted']);
  });

  test('takes a source that throws for undecided, warns once, and hears the others', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const broken: ConsentSource = {
      name: 'broken',
      get() {
        throw new Error('get');
      },
      subscribe() {
        throw new Error('subscribe');
      },
    };
    const other = makeSwitch('granted');
    const source = combine([broken, other]);
    const { states, stop } = listenTo(source);
    expect(source.get()).toBeUndefined();
    other.set({ state: 'denied' });
    expect(states()).toEqual(['denied']);
    expect(warn).toHaveBeenCalledTimes(1);
    stop();
  });

  test('takes nonsense for undecided, and what was told for decided', () => {
    let tell = (_decision: ConsentDecision): void => undefined;
    const odd = {
      name: 'odd',
      get: () => 'granted',
      subscribe: (listener: typeof tell) => void (tell = listener),
    } as unknown as ConsentSource;
    const source = combine([odd]);
    const { states, stop } = listenTo(source);
    expect(source.get()).toBeUndefined();
    tell('granted' as unknown as ConsentDecision);
    tell({ state: 'maybe' } as unknown as ConsentDecision);
    expect(states()).toEqual([]);
    tell({ state: 'granted' });
    expect([states(), source.get()]).toEqual([['granted'], { state: 'granted' }]);
    stop();
  });
});
