import { afterEach, expect, test } from 'vitest';
import { globalPrivacyControl } from '../../../../../src/sdk/consent/sources/global-privacy-control.ts';
import { listenTo } from '../../../../fakes/consent-page.ts';

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
