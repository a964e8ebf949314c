import { describe, expect, test, vi } from 'vitest';
import { custom, type CustomDecision } from '../../../../../src/sdk/consent/sources/custom.ts';
import type { ConsentSource } from '../../../../../src/sdk/consent/source.ts';
import { listenTo } from '../../../../fakes/consent-page.ts';
import { HELP_URL } from './conformance.ts';

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

  test.each([
    ['no function', ['yes'], '"connect" must be a function, got "yes"'],
    ['nothing', [], '"connect" must be a function, got undefined'],
    ['no options', [() => undefined, null], '"options" must be an object, got null'],
    ['a name alone', [() => undefined, 'banner'], '"options" must be an object, got "banner"'],
    ['a name of another kind', [() => undefined, { name: 7 }], '"name" must be a text, not empty, got 7'],
    ['an unknown option', [() => undefined, { nam: 'b' }], '["name"], did you mean "name"?, got "b"'],
  ])('prints one error and never decides, given %s', (_name, values, problem) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const source = (custom as (...values: readonly unknown[]) => ConsentSource)(...values);
    expect(listenTo(source).told).toEqual([]);
    expect([source.name, source.get()]).toEqual(['custom', undefined]);
    expect(error).toHaveBeenCalledTimes(1);
    const text = String(error.mock.lastCall?.[0]);
    for (const part of ['custom: ', problem, HELP_URL]) expect(text).toContain(part);
    error.mockRestore();
  });

  test('does not call `connect` where an option is wrong, and names both', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const connect = vi.fn(() => undefined);
    listenTo(custom(connect, { nme: 'b' } as object));
    expect(connect).not.toHaveBeenCalled();
    custom(7 as never, { name: '' });
    expect(error).toHaveBeenCalledTimes(2);
    expect(String(error.mock.lastCall?.[0])).toMatch(/"connect" must be .*"name" must be /);
    error.mockRestore();
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
