// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { readToken } from '../../../../src/sdk/auth/jwt.ts';
import { jwt } from './token-page.ts';

const MAX = 8_192;

describe('a token as it is given (R11)', () => {
  test.each(['', '  ', 'Bearer ', 'bearer', null, undefined, { token: '' }, { token: null }, {}])(
    '%j is none',
    (given) => expect(readToken(given, MAX)).toEqual({ kind: 'none' }),
  );

  test.each(['a b', 'a\nb', 'a\u0000b', 'schlüssel', 'Bearer a b', 5, true, { token: 5 }])(
    '%j can stand in no header',
    (given) => expect(readToken(given, MAX).kind).toBe('malformed'),
  );

  test('is trimmed, and loses "Bearer" in front', () => {
    expect(readToken(' abc\n', MAX)).toMatchObject({ token: 'abc', hadPrefix: false });
    expect(readToken('bearer  abc', MAX)).toMatchObject({ token: 'abc', hadPrefix: true });
    expect(readToken({ token: 'Bearer abc' }, MAX)).toMatchObject({ token: 'abc', hadPrefix: true });
    expect(readToken('bearerabc', MAX)).toMatchObject({ token: 'bearerabc', hadPrefix: false });
  });

  test('has 8 KiB at most', () => {
    expect(readToken('a'.repeat(MAX), MAX).kind).toBe('token');
    expect(readToken('a'.repeat(MAX + 1), MAX).kind).toBe('malformed');
  });

  test('tells its end in numbers or not at all', () => {
    expect(readToken({ token: 'a', expiresIn: 2, expiresAt: 5 }, MAX)).toMatchObject({
      expiresInMs: 2_000,
      expiresAtMs: 5,
    });
    expect(readToken({ token: 'a', expiresIn: '2' }, MAX).kind).toBe('malformed');
    expect(readToken({ token: 'a', expiresAt: Number.NaN }, MAX).kind).toBe('malformed');
  });

  test('is never part of what is said of it', () => {
    const said = JSON.stringify(readToken('secret secret', MAX));
    expect(said).not.toContain('secret');
  });
});

describe('the shape of a token (R12)', () => {
  test('is a JWT with three parts and claims', () => {
    const token = jwt({ sub: 'Jürgen 键', exp: 20, iat: 10 });
    expect(readToken(token, MAX)).toMatchObject({
      token,
      claims: { sub: 'Jürgen 键' },
      expiresAtMs: 20_000,
      issuedAtMs: 10_000,
    });
  });

  test('what was said beside it goes before its own claim', () => {
    expect(readToken({ token: jwt({ exp: 20 }), expiresAt: 7 }, MAX)).toMatchObject({ expiresAtMs: 7 });
  });

  test.each(['a.b', 'a.b.c.d', 'abc', '!.?.=', 'YQ.YQ.YQ', 'e30.W10.c2ln', 'e30.NQ.c2ln'])(
    '%s is opaque',
    (token) => {
      const reading = readToken(token, MAX);
      expect(reading).toMatchObject({ kind: 'token', token });
      expect(reading).not.toHaveProperty('claims');
    },
  );

  test.each(['none', 'None', 'NONE'])('alg %s is malformed', (alg) => {
    expect(readToken(jwt({ sub: 'ann' }, { alg }), MAX).kind).toBe('malformed');
    expect(readToken(jwt({ sub: 'ann' }, { alg }).replace(/[^.]+$/, ''), MAX).kind).toBe('malformed');
  });

  test('claims of time that are no numbers are none', () => {
    const reading = readToken(jwt({ exp: 'soon', iat: null }), MAX);
    expect(reading).not.toHaveProperty('expiresAtMs');
    expect(reading).not.toHaveProperty('issuedAtMs');
  });
});
