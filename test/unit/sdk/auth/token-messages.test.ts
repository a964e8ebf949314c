// @vitest-environment node
/** The messages about customer tokens: what happened, the probable cause, and never a part of the token. */
import { describe, expect, test } from 'vitest';
import type { CustomerTokenProvider, TokenRejection, TokenResult } from '../../../../src/index.ts';
import { deferred, jwt, NOBODY, tokenPage } from './token-page.ts';

const messageOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
  );

const HTML = '<!doctype html><title>Sign in</title>';
const SECRET = 'S3CR3T';
const MISMATCH =
  'it is for "bob", not for user "ann". Is another person signed in, or is the user id in another claim (customerToken.subject)?';

/** Values that are no usable token, and what the messages say of them. */
const UNUSABLE: readonly (readonly [name: string, value: () => unknown, why: string])[] = [
  ['an HTML page', () => HTML, 'it is an HTML page. Is the login route right, and is the person signed in?'],
  [
    'a text with a space',
    () => `${SECRET} ${SECRET}`,
    'it has a space or another character that no header can carry',
  ],
  ['a number', () => 5, 'it is of type number, and must be a text'],
  ['an object as the token', () => ({ token: { SECRET } }), 'it is of type object, and must be a text'],
  [
    'a token that is too long',
    () => SECRET.repeat(1_500),
    'it has 9000 bytes, and 8192 are allowed (maxTokenBytes)',
  ],
  [
    'a time in a text',
    () => ({ token: SECRET, expiresAt: '2026-01-01' }),
    '"expiresAt" must be a number, in milliseconds',
  ],
  [
    'a duration in a text',
    () => ({ token: SECRET, expiresIn: '1h' }),
    '"expiresIn" must be a number, in seconds',
  ],
  ['an unsigned token', () => jwt({ sub: 'ann' }, { alg: 'none' }), 'it is not signed ("alg" is "none")'],
  ['a token of another person', () => jwt({ sub: 'bob' }), MISMATCH],
  [
    'a token that has expired',
    () => ({ token: SECRET, expiresIn: 0 }),
    'it has already expired. Is it from a cache?',
  ],
];

describe.each(UNUSABLE)('%s', (_, value, why) => {
  test('from the provider: the error says what is wrong', async () => {
    const returned: unknown[] = [];
    const { tokenCache } = tokenPage({
      provider: () => {
        returned.push(value());
        return returned.at(-1) as TokenResult;
      },
    });
    const message = await messageOf(tokenCache.acquire());
    expect(message).toBe(`The customer token provider returned an unusable token: ${why}`);
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain('<!doctype');
  });

  test('from the application: one warning says that it is ignored, and why', () => {
    const { tokenCache, warnings } = tokenPage();
    tokenCache.set(value() as TokenResult);
    expect(warnings).toEqual([`The customer token is ignored: ${why}`]);
  });
});

const never: CustomerTokenProvider = () => deferred<string>().promise;

test('a provider that fails, returns nothing, or takes too long', async () => {
  const message = (provider: CustomerTokenProvider): Promise<string> =>
    messageOf(tokenPage({ provider }).tokenCache.acquire());
  expect(
    await message(() => {
      throw new Error(SECRET);
    }),
  ).toBe('The customer token provider threw or rejected: see the cause of this error');
  expect(await message(() => null)).toBe(
    'The customer token provider returned no token for user "ann", so nothing was sent. Is this person signed in? Does the provider return a text or { token }?',
  );
  const { tokenCache, clock } = tokenPage({ provider: never });
  const failure = messageOf(tokenCache.acquire());
  await clock.advance(10_000);
  expect(await failure).toBe(
    'The customer token provider took longer than 10000 ms (timeoutMs). Is the login server slow?',
  );
  const impatient = tokenPage({ provider: never, options: { timeoutMs: 60_000 } });
  const second = messageOf(impatient.tokenCache.acquire());
  await impatient.clock.advance(15_000);
  expect(await second).toBe(
    'There was no customer token within 15000 ms (waitMs). Is the login server slow?',
  );
});

test('a second call during the pause after a failure', async () => {
  const message = async (provider: CustomerTokenProvider): Promise<string> => {
    const { tokenCache } = tokenPage({ provider });
    await messageOf(tokenCache.acquire());
    return messageOf(tokenCache.acquire());
  };
  expect(await message(() => null)).toBe(
    'The customer token provider returned no token a moment ago. It is called again after retryAtMs',
  );
  expect(await message(() => HTML)).toBe(
    'The customer token provider failed a moment ago: see the cause. It is called again after retryAtMs',
  );
});

test('calls that can have no token', async () => {
  const { tokenCache, clock } = tokenPage({ provider: 'none' });
  expect(await messageOf(tokenCache.acquire())).toBe(
    'There is no customer token: set the option customerToken',
  );
  tokenCache.set({ token: 'a', expiresIn: 5 });
  await clock.advance(5_000);
  expect(await messageOf(tokenCache.acquire())).toBe(
    'The customer token has expired, and there is no provider',
  );
  const nobody = tokenPage({ identity: NOBODY });
  expect(await messageOf(nobody.tokenCache.acquire())).toBe('Nobody is identified. Call identify first');
  nobody.tokenCache.set(SECRET);
  expect(nobody.warnings).toEqual([
    'The customer token is ignored: nobody is identified. Call identify first',
  ]);
  nobody.tokenCache.close();
  expect(await messageOf(nobody.tokenCache.acquire())).toBe('The SDK is closed, or consent was withdrawn');
});

test('a call whose token is removed meanwhile', async () => {
  const { tokenCache } = tokenPage({ provider: never });
  const failure = messageOf(tokenCache.acquire());
  tokenCache.set(null);
  expect(await failure).toBe('The customer token was removed by setCustomerToken(null)');
});

test('a token with "Bearer" is used without it, and one warning says so', async () => {
  const { tokenCache, warnings } = tokenPage();
  tokenCache.set('Bearer abc');
  expect((await tokenCache.acquire()).token).toBe('abc');
  expect(warnings).toEqual(['The customer token began with "Bearer", which the SDK has removed']);
});

describe('a token that the proxy has refused', () => {
  const END = '(reason: audience; the log of the proxy says more)';

  test.each([
    ['audience', END],
    [undefined, '(the log of the proxy says more)'],
  ] as readonly (readonly [TokenRejection | undefined, string])[])(
    'with the reason %s, and a provider that has only this one',
    async (reason, end) => {
      const { tokenCache, warnings } = tokenPage({ provider: () => SECRET });
      const grant = await tokenCache.acquire();
      expect(await messageOf(tokenCache.rejected(grant, '/v1/x', undefined, reason))).toBe(
        `The customer token provider returned an unusable token: the proxy has refused it already ${end}`,
      );
      expect(tokenCache.status().reason).toBe(reason);
      tokenCache.set(SECRET);
      expect(warnings).toEqual([`The customer token is ignored: the proxy has refused it already ${end}`]);
    },
  );

  test('and none after it: the reason stays until another token is set, or the token is removed', async () => {
    const { tokenCache } = tokenPage({ provider: 'none' });
    for (const next of ['another', null]) {
      tokenCache.set(`${SECRET}-${next}`);
      const grant = await tokenCache.acquire();
      expect(await messageOf(tokenCache.rejected(grant, '/v1/x', undefined, 'audience'))).toBe(
        `The proxy has refused the customer token ${END}`,
      );
      expect(tokenCache.status()).toEqual({ state: 'none', userId: 'ann', reason: 'audience' });
      tokenCache.set(next);
      expect(tokenCache.status()).not.toHaveProperty('reason');
    }
  });

  test('of an earlier call: the status of the token in use has no reason', async () => {
    const { tokenCache } = tokenPage();
    const old = await tokenCache.acquire();
    tokenCache.set('pushed');
    await tokenCache.rejected(old, '/v1/x', undefined, 'expired');
    expect(tokenCache.status()).not.toHaveProperty('reason');
  });

  test('is forgotten with the person', async () => {
    const { tokenCache } = tokenPage({ provider: 'none' });
    tokenCache.set(SECRET);
    await messageOf(tokenCache.rejected(await tokenCache.acquire(), '/v1/x', undefined, 'issuer'));
    tokenCache.identity({ userId: 'bob', anonymousId: 'a1' });
    expect(tokenCache.status()).toEqual({ state: 'none', userId: 'bob' });
  });
});

test.each([
  ['insufficient', 'it lacks a scope'],
  ['subject_mismatch', 'it is for another user'],
] as const)('a 403 because of %s', async (why, said) => {
  const { tokenCache } = tokenPage();
  const grant = await tokenCache.acquire();
  expect(() => tokenCache.forbidden(grant, why)).toThrow(
    `The customer token does not allow this call: ${said}`,
  );
});
