// @vitest-environment node
import { expect, test } from 'vitest';
import * as consent from '../../../../src/consent.ts';

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
