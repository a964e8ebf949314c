// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { type CookieOptions, createCookies } from '../../../../src/sdk/identity/cookies.ts';
import { fakeCookieJar } from '../../../fakes/cookie-jar.ts';

function open(pageUrl: string, options: CookieOptions = {}) {
  const jar = fakeCookieJar(pageUrl);
  return { jar, cookies: createCookies({ jar, pageUrl, options }) };
}

describe('a cookie', () => {
  test.each([
    ['https://www.shop.example.com/a', 'id@example.com'],
    ['https://example.com', 'id@example.com'],
    ['https://www.example.co.uk', 'id@example.co.uk'],
    ['https://me.github.io', 'id@me.github.io'],
    ['http://localhost:3000', 'id'],
    ['https://127.0.0.1:8443', 'id'],
    ['https://[::1]:8443', 'id'],
  ])('on %s is kept on the widest domain that the browser allows', (pageUrl, kept) => {
    const { jar, cookies } = open(pageUrl);
    cookies.set('id', 'u1');
    expect(jar.kept()).toEqual({ [kept]: 'u1' });
    expect(cookies.get('id')).toBe('u1');
  });

  test('leaves no trace of how the domain was found, which is done once', () => {
    const { jar, cookies } = open('https://www.example.com');
    cookies.set('a', '1');
    const lines = jar.written.length;
    cookies.set('b', '2');
    expect(jar.written.length).toBe(lines + 1);
    expect(Object.keys(jar.kept())).toEqual(['a@example.com', 'b@example.com']);
  });

  test('is Secure on https and not on http', () => {
    const secure = open('https://example.com');
    secure.cookies.set('id', '1');
    expect(secure.jar.written.at(-1)).toContain('; Secure');
    const bare = open('http://example.com');
    bare.cookies.set('id', '1');
    expect(bare.jar.written.at(-1)).not.toContain('Secure');
    expect(bare.cookies.get('id')).toBe('1');
  });

  test('lasts a year, on every path, and is sent to no other site, unless the options say otherwise', () => {
    const usual = open('https://example.com');
    usual.cookies.set('id', '1');
    expect(usual.jar.written.at(-1)).toBe(
      'id=1; Path=/; Max-Age=31536000; SameSite=Lax; Domain=example.com; Secure',
    );
    const { jar, cookies } = open('https://a.example.com', {
      maxage: 2,
      domain: 'a.example.com',
      path: '/shop',
      secure: false,
      sameSite: 'Strict',
    });
    cookies.set('id', '1');
    expect(jar.written).toEqual(['id=1; Path=/shop; Max-Age=172800; SameSite=Strict; Domain=a.example.com']);
  });

  test.each(['a b', 'ä', 'a;b', 'a=b', '100%', '"quoted"', 'a,b', '😀'])('keeps the value %j', (value) => {
    const { cookies } = open('https://example.com');
    cookies.set('id', value);
    expect(cookies.get('id')).toBe(value);
  });

  test('that somebody else has written in another way is read as it is', () => {
    const { jar, cookies } = open('https://example.com');
    jar.write('bare=100%; Max-Age=9');
    jar.write('with=a=b; Max-Age=9');
    expect(cookies.get('bare')).toBe('100%');
    expect(cookies.get('with')).toBe('a=b');
  });

  test('is not mistaken for one with a longer name', () => {
    const { cookies } = open('https://example.com');
    cookies.set('my_id', '1');
    cookies.set('id_2', '2');
    expect(cookies.get('id')).toBeNull();
  });

  test('is removed on every level on which it may be', () => {
    const { jar, cookies } = open('https://www.shop.example.com');
    for (const domain of [
      '',
      '; Domain=example.com',
      '; Domain=shop.example.com',
      '; Domain=www.shop.example.com',
    ]) {
      jar.write(`id=1; Path=/; Max-Age=9${domain}`);
    }
    cookies.remove('id');
    expect(jar.kept()).toEqual({});
  });

  test('of a domain that the options name is removed there', () => {
    const { jar, cookies } = open('https://a.b.example.com', { domain: '.b.example.com' });
    jar.write('id=1; Path=/; Max-Age=9; Domain=b.example.com');
    cookies.set('id', '2');
    cookies.remove('id');
    expect(cookies.get('id')).toBeNull();
  });

  test('that is not there is not removed, so that nothing is written', () => {
    const { jar, cookies } = open('https://example.com');
    cookies.remove('id');
    expect(jar.written).toEqual([]);
  });

  test('that the browser refuses is not there, and nothing throws', () => {
    const cookies = createCookies({
      jar: { read: () => '', write: () => undefined },
      pageUrl: 'https://example.com',
      options: {},
    });
    cookies.set('id', '1');
    expect(cookies.get('id')).toBeNull();
    cookies.remove('id');
  });
});
