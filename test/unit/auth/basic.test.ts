// @vitest-environment node
import { expect, test } from 'vitest';
import { createBasicAuthorizer } from '../../../src/auth/basic.ts';

test.each(['client-api-key-web', 'schlüssel', '键'])(
  'the key %s is the user name of Basic, with an empty password',
  (key) => {
    const { Authorization = '' } = createBasicAuthorizer(key).headers();
    const [scheme, credentials = ''] = Authorization.split(' ');
    expect(scheme).toBe('Basic');
    expect(Buffer.from(credentials, 'base64').toString('utf8')).toBe(`${key}:`);
  },
);
