import { afterEach, describe, expect, test } from 'vitest';
import { combineSources } from '../../../../src/sdk/consent/combine-sources.ts';
import type { ConsentDecision, ConsentSource } from '../../../../src/sdk/consent/source.ts';
import { custom } from '../../../../src/sdk/consent/sources/custom.ts';
import { globalPrivacyControl } from '../../../../src/sdk/consent/sources/global-privacy-control.ts';

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
  Reflect.deleteProperty(navigator, 'globalPrivacyControl');
});

interface Followed {
  readonly told: ConsentDecision[];
  readonly failures: unknown[][];
  states(): readonly string[];
  readonly stop: () => void;
}

function following(...sources: readonly ConsentSource[]): Followed {
  const told: ConsentDecision[] = [];
  const failures: unknown[][] = [];
  const stop = combineSources(
    sources,
    (decision) => void told.push(decision),
    (...given) => void failures.push(given),
  );
  return { told, failures, states: () => told.map(({ state }) => state), stop };
}

describe('several sources', () => {
  test.each([
    [['granted', 'granted'], ['granted']],
    [['granted', undefined], []],
    [['granted', 'denied'], ['denied']],
    [[undefined, 'denied'], ['denied']],
    [[undefined, undefined], []],
    [['granted'], ['granted']],
  ] as const)('that say %j are %j', (states, expected) => {
    expect(following(...states.map((state) => makeSwitch(state))).states()).toEqual(expected);
  });

  test('do not wait for those that can only deny', () => {
    expect(following(makeSwitch('granted'), makeSwitch(undefined, true)).states()).toEqual(['granted']);
    expect(following(makeSwitch('granted'), makeSwitch('denied', true)).states()).toEqual(['denied']);
  });

  test('may have granted: Global Privacy Control denies', () => {
    const granted = makeSwitch('granted');
    expect(following(granted, globalPrivacyControl()).states()).toEqual(['granted']);
    Object.defineProperty(navigator, 'globalPrivacyControl', { value: true, configurable: true });
    expect(following(granted, globalPrivacyControl()).states()).toEqual(['denied']);
  });

  test('grant nothing before all were heard, also where one tells at once', () => {
    const banner = custom((tell) => tell('granted'));
    expect(following(banner, makeSwitch('denied')).states()).toEqual(['denied']);
    expect(following(makeSwitch('denied'), banner).states()).toEqual(['denied']);
  });

  test('have a category on where nobody says that it is off', () => {
    const one = makeSwitch();
    const other = makeSwitch();
    one.set({ state: 'granted', categories: { analytics: true, messaging: true } });
    other.set({ state: 'granted', categories: { messaging: false, ads: true } });
    const categories = { analytics: true, messaging: false, ads: true };
    expect(following(one, other).told).toEqual([{ state: 'granted', categories }]);
  });

  test('are heard until they are stopped, and never again', () => {
    const one = makeSwitch();
    const other = makeSwitch();
    const { states, stop } = following(one, other);
    one.set({ state: 'granted' });
    expect(states()).toEqual([]);
    other.set({ state: 'granted' });
    one.set({ state: 'denied' });
    expect(states()).toEqual(['granted', 'denied']);
    stop();
    expect([one.listeners(), other.listeners()]).toEqual([0, 0]);
    one.set({ state: 'granted' });
    expect(states()).toEqual(['granted', 'denied']);
  });

  test('that tell after they were stopped are not heard', () => {
    let tell = (_decision: ConsentDecision): void => undefined;
    const { states, stop } = following({
      name: 'deaf',
      get: () => undefined,
      subscribe: (listener) => {
        tell = listener;
        return () => undefined;
      },
    });
    stop();
    tell({ state: 'granted' });
    expect(states()).toEqual([]);
  });

  test('of which one throws wait for it, say so, and hear a denial of the others', () => {
    const broken: ConsentSource = {
      name: 'broken',
      get: () => undefined,
      subscribe() {
        throw new Error('subscribe');
      },
    };
    const other = makeSwitch('granted');
    const { states, failures } = following(broken, other);
    expect(states()).toEqual([]);
    expect(failures).toEqual([['broken', new Error('subscribe')]]);
    other.set({ state: 'denied' });
    expect(states()).toEqual(['denied']);
  });

  test('that tell nonsense say nothing', () => {
    let tell = (_decision: ConsentDecision): void => undefined;
    const odd = {
      name: 'odd',
      get: () => 'granted',
      subscribe(listener: typeof tell) {
        tell = listener;
        return () => undefined;
      },
    } as unknown as ConsentSource;
    const { states } = following(odd);
    tell('granted' as unknown as ConsentDecision);
    tell({ state: 'maybe' } as unknown as ConsentDecision);
    tell(undefined as unknown as ConsentDecision);
    expect(states()).toEqual([]);
    tell({ state: 'granted' });
    expect(states()).toEqual(['granted']);
  });
});
