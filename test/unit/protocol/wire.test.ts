// @vitest-environment node
import { expect, test } from 'vitest';
import { basicAuthorization, BATCH_PATH, EVENT_TYPES, MAX_EVENT_BYTES } from '../../../src/protocol/wire.ts';

test('client and proxy have the same constants as the contract', () => {
  expect([BATCH_PATH, MAX_EVENT_BYTES, EVENT_TYPES.length]).toEqual(['/v1/batch', 32_000, 6]);
  expect(basicAuthorization('client-api-key-web')).toBe('Basic Y2xpZW50LWFwaS1rZXktd2ViOg==');
});

test.each(['client-api-key-web', 'schlüssel', '键'])(
  'the key %s is the user name of Basic authentication, with an empty password',
  (key) => {
    const [scheme, credentials = ''] = basicAuthorization(key).split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(credentials, 'base64').toString('utf8')).toBe(`${key}:`);
  },
);
