import { afterEach, expect, test, vi } from 'vitest';
import { globalPrivacyControl } from '../../../../../src/sdk/consent/sources/global-privacy-control.ts';
import type { ConsentSource } from '../../../../../src/sdk/consent/source.ts';
import { listenTo } from '../../../../fakes/consent-page.ts';
import { HELP_URL } from './conformance.ts';

const set = (value: unknown): void =>
  void Object.defineProperty(navigator, 'globalPrivacyControl', { value, configurable: true });

afterEach(() => void Reflect.deleteProperty(navigator, 'globalPrivacyControl'));

test('denies where the browser sends the signal', () => {
  set(true);
  expect(globalPrivacyControl().get()).toEqual({ state: 'denied' });
});

test.each([false, undefined, '1', 1])('says nothing where the signal is %s', (value) => {
  set(value);
  const source = globalPrivacyControl();
  expect(source.get()).toBeUndefined();
  expect(source.onlyDenies).toBe(true);
  const { told, stop } = listenTo(source);
  stop();
  expect(told).toEqual([]);
});

test.each([
  [{ strict: true }, '"strict" must be left out: the function takes no options, got true'],
  [
    { a: 1, b: undefined },
    '"a" must be left out: the function takes no options, got 1; ' +
      '"b" must be left out: the function takes no options, got undefined',
  ],
  [null, '"options" must be an object, got null'],
  ['gpc', '"options" must be an object, got "gpc"'],
])('prints one error and never decides, given %j', (options, problem) => {
  set(true);
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const source = (globalPrivacyControl as (options: unknown) => ConsentSource)(options);
  expect(listenTo(source).told).toEqual([]);
  expect([source.get(), source.get()]).toEqual([undefined, undefined]);
  // Other sources must not grant without this one, because the browser may send the signal.
  expect(source.onlyDenies ?? false).toBe(false);
  expect(error.mock.calls).toEqual([[`cio-first-party: globalPrivacyControl: ${problem}; ${HELP_URL}`]]);
  error.mockRestore();
});
