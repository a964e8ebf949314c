import { describe, expect, test, vi } from 'vitest';
import { custom, type CustomDecision } from '../../../../../src/sdk/consent/sources/custom.ts';
import { listenTo } from '../../../../fakes/consent-page.ts';

describe('custom', () => {
  test('tells what the banner tells, from the first listener to the last', () => {
    let tell = (_decision: CustomDecision): void => undefined;
    const disconnect = vi.fn();
    const connect = vi.fn((next: typeof tell) => {
      tell = next;
      return disconnect;
    });
    const source = custom(connect, { name: 'our banner' });
    expect([source.name, source.get(), connect.mock.calls.length]).toEqual(['our banner', undefined, 0]);
    const one = listenTo(source);
    const other = listenTo(source);
    expect(connect).toHaveBeenCalledTimes(1);
    tell('granted');
    tell({ state: 'granted' });
    tell({ state: 'granted', categories: { messaging: false } });
    tell(undefined);
    expect(one.told).toEqual([
      { state: 'granted' },
      { state: 'granted', categories: { messaging: false } },
      { state: 'denied' },
    ]);
    one.stop();
    expect(disconnect).not.toHaveBeenCalled();
    other.stop();
    expect(disconnect).toHaveBeenCalledTimes(1);
    tell('granted');
    expect(source.get()?.state).toBe('denied');
  });

  test('knows what is told at once', () => {
    const source = custom((tell) => tell('denied'));
    const { states } = listenTo(source);
    expect([states(), source.get()]).toEqual([['denied'], { state: 'denied' }]);
  });

  test('takes nonsense for no decision', () => {
    const source = custom((tell) => {
      for (const nonsense of ['yes', true, null, {}, { state: 'maybe' }]) tell(nonsense as CustomDecision);
    });
    expect(listenTo(source).told).toEqual([]);
  });

  test('does not throw where the banner does', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const source = custom(() => {
      throw new Error('banner');
    });
    listenTo(source).stop();
    expect(source.get()).toBeUndefined();
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
