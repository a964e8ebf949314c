// @vitest-environment node
import { expect, test, vi } from 'vitest';
import * as consent from '../../../../src/consent.ts';
import type { ConsentSource } from '../../../../src/sdk/consent/source.ts';

test('on a server every source knows nothing, and listens to nothing', () => {
  const before = Object.keys(globalThis);
  const { custom, ...platforms } = consent;
  const sources = [...Object.values(platforms).map((make) => make()), custom((tell) => tell('granted'))];
  expect(sources).toHaveLength(12);
  for (const source of sources) {
    expect(source.get()).toBeUndefined();
    source.subscribe(() => expect.unreachable())();
    expect(source.get()).toBeUndefined();
  }
  expect(Object.keys(globalThis)).toEqual(before);
});

test.each(Object.entries(consent))(
  'on a server a wrong option of %s is one error, and nothing else',
  (name, make) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const before = Object.keys(globalThis);
    const wrong = { requires: ['C0004'] };
    const values = name === 'custom' ? [() => undefined, wrong] : [wrong];
    const source = (make as (...values: readonly unknown[]) => ConsentSource)(...values);
    source.subscribe(() => expect.unreachable())();
    expect([source.get(), source.get()]).toEqual([undefined, undefined]);
    expect(error).toHaveBeenCalledTimes(1);
    const fits =
      name === 'globalPrivacyControl' ? 'left out: the function takes no options' : 'one of the options [';
    expect(String(error.mock.lastCall?.[0])).toContain(`${name}: "requires" must be ${fits}`);
    expect(Object.keys(globalThis)).toEqual(before);
    error.mockRestore();
  },
);
