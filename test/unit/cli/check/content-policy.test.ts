/** Policies of a page in a frame, as browsers read them. */
import { describe, expect, test } from 'vitest';
import { allowsFraming, readPolicies } from '../../../../src/cli/check/in-app/content-policy.ts';

const FRAMED = new URL('https://events.example.com/v1/frame/index.html');
const allows = (sources: string, page: string, framed = FRAMED): boolean =>
  readPolicies(`frame-ancestors ${sources}`).every((policy) => allowsFraming(policy, page, framed));

test('a header with commas is several policies; the first directive of a name holds', () => {
  const policies = readPolicies(
    "sandbox allow-scripts; Default-Src 'none'; default-src *, script-src 'self' ,",
  );
  expect(policies.map((policy) => Object.fromEntries(policy))).toEqual([
    { sandbox: ['allow-scripts'], 'default-src': ["'none'"] },
    { 'script-src': ["'self'"] },
  ]);
  expect(readPolicies(null)).toEqual([]);
});

describe('frame-ancestors', () => {
  test.each([
    ['https://shop.example.com', 'https://shop.example.com', true],
    ['https://shop.example.com', 'https://shop.example.org', false],
    ['https://*.example.com', 'https://shop.example.com', true],
    ['https://*.example.com', 'https://example.com', false],
    ['shop.example.com', 'https://shop.example.com', true],
    ['http://shop.example.com', 'https://shop.example.com', true],
    ['https://shop.example.com', 'http://shop.example.com', false],
    ['https://shop.example.com:443', 'https://shop.example.com', true],
    ['https://shop.example.com:8443', 'https://shop.example.com', false],
    ['https://shop.example.com:*', 'https://shop.example.com:8443', true],
    ['https:', 'https://shop.example.com', true],
    ['*', 'https://shop.example.com', true],
    ['*', 'capacitor://localhost', false],
    ['capacitor://localhost', 'capacitor://localhost', true],
    ["'none'", 'https://shop.example.com', false],
    ["'self'", 'https://shop.example.com', false],
    ["'self'", 'https://events.example.com', true],
    ["'self' https://shop.example.com", 'https://shop.example.com', true],
    ['', 'https://shop.example.com', false],
  ])('%s for %s: %s', (sources, page, expected) => {
    expect(allows(sources, page)).toBe(expected);
  });

  test('a policy without it allows every page', () => {
    expect(
      readPolicies("default-src 'none'").every((each) => allowsFraming(each, 'https://a.example', FRAMED)),
    ).toBe(true);
  });
});
