// @vitest-environment node
import { expect, test } from 'vitest';
import { createRemembered } from '../../src/remembered.ts';
import { fakeTextStore } from '../fakes/text-store.ts';

test('what the proxy has shown is known to the next page, of the same key only', () => {
  const local = fakeTextStore();
  const remembered = createRemembered(local, 'site');
  expect([remembered.get('gzip'), remembered.get('answered')]).toEqual([false, false]);
  remembered.set('gzip', true);
  expect(createRemembered(local, 'site').get('gzip')).toBe(true);
  expect(createRemembered(local, 'site').get('answered')).toBe(false);
  expect(createRemembered(local, 'other').get('gzip')).toBe(false);
  remembered.set('gzip', false);
  expect(createRemembered(local, 'site').get('gzip')).toBe(false);
});

test('it is written only when it changes, and known also where the browser keeps nothing', () => {
  const local = fakeTextStore();
  let writes = 0;
  const { set } = local;
  local.set = (key, value) => {
    writes += 1;
    return set(key, value);
  };
  local.refuse('none');
  const remembered = createRemembered(local, 'site');
  for (let i = 0; i < 5; i++) remembered.set('answered', true);
  expect([remembered.get('answered'), writes]).toEqual([true, 1]);
});
