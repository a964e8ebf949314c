// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { TokenRequest } from '../../../../src/sdk/auth/contract.ts';
import {
  type CustomerToken,
  resolveCustomerToken,
  TOKEN_DEFAULTS,
} from '../../../../src/sdk/auth/customer-token-options.ts';

const provider = (): string => 'token';
const request = { userId: 'ann' } as TokenRequest; // the provider of this test reads nothing else

/** The messages that `resolveCustomerToken` reports. */
function complaints(given: object): readonly string[] {
  const told: string[] = [];
  const { limits } = resolveCustomerToken({ provider, ...given }, (message) => void told.push(message));
  // A limit that is not valid has its default.
  if (told.length) expect(limits).toEqual(TOKEN_DEFAULTS);
  return told;
}

const resolve = (given: CustomerToken): ReturnType<typeof resolveCustomerToken> =>
  resolveCustomerToken(given, (message) => {
    throw new Error(message);
  });

describe('the option customerToken', () => {
  test('is a function, with every default', () => {
    const { provider: found, limits } = resolve(provider);
    expect(found).toBe(provider);
    expect(limits).toEqual(TOKEN_DEFAULTS);
  });

  test('is an object that gets tokens, which keeps its this and whatever else it has', async () => {
    const source = {
      prefix: 'for ',
      getCustomerToken({ userId }: TokenRequest) {
        return this.prefix + userId;
      },
    };
    expect(await resolve(source).provider?.(request)).toBe('for ann');
    expect(await resolve({ provider: source }).provider?.(request)).toBe('for ann');
  });

  test('is an object with a provider and every constant of the rules', () => {
    const subject = (): string => 'ann';
    const { limits } = resolve({
      provider,
      timeoutMs: 1,
      aheadRatio: 0.5,
      waitMs: undefined,
      subject,
    });
    expect(limits).toEqual({ ...TOKEN_DEFAULTS, timeoutMs: 1, aheadRatio: 0.5, subject });
    for (const name of Object.keys(TOKEN_DEFAULTS).filter((key) => key.endsWith('Ms')))
      expect(resolve({ provider, [name]: 7 }).limits).toMatchObject({ [name]: 7 });
  });

  test('is nothing where only tokens are set', () => {
    expect(resolveCustomerToken(undefined, () => undefined)).toEqual({
      provider: undefined,
      limits: TOKEN_DEFAULTS,
    });
  });

  test.each([
    ['timeoutMs', 0, 'a whole number above 0, got 0'],
    ['timeoutMs', '10', 'a whole number above 0, got "10"'],
    ['waitMs', 1.5, 'a whole number above 0, got 1.5'],
    ['nullTtlMs', Number.NaN, 'a whole number above 0, got NaN'],
    ['hardRatio', 1, 'a number above 0 and below 1, got 1'],
    ['aheadRatio', 0, 'a number above 0 and below 1, got 0'],
    ['subject', '', 'the name of a claim, a function or false, got ""'],
    ['subject', true, 'the name of a claim, a function or false, got true'],
    ['maxTokenBytes', {}, 'a whole number above 0, got an object'],
  ])('with %s of %j is told, and has no effect', (name, value, expected) => {
    expect(complaints({ [name]: value })).toEqual([`"customerToken.${name}" must be ${expected}`]);
  });

  test.each(['timeout', 'toString', '__proto__x'])('with the unknown option %s is told', (name) => {
    expect(complaints({ [name]: 5 })).toEqual([`"customerToken.${name}" is not an option`]);
  });
});
