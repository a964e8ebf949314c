import { beforeEach, describe, expect, test } from 'vitest';
import {
  createStoredUser,
  type StoredUser,
  type IdentityOptions,
  type Traits,
} from '../../../../src/sdk/identity/stored-user.ts';
import { type CookieOptions, createCookies } from '../../../../src/sdk/identity/cookies.ts';
import { fakeCookieJar, type FakeCookieJar } from '../../../fakes/cookie-jar.ts';
import { seeded } from '../../../fakes/random.ts';
import { fakeTextStore, type FakeTextStore } from '../../../fakes/text-store.ts';
import { wrappedUser } from '../../../fakes/wrapped-user.ts';

const KEYS = { id: 'ajs_user_id', traits: 'ajs_user_traits', anonymous: 'ajs_anonymous_id' };

interface Browser {
  readonly jar: FakeCookieJar;
  readonly local: FakeTextStore;
  /** A page of this browser. */
  open(
    options?: IdentityOptions,
    more?: { readonly keys?: typeof KEYS; readonly cookie?: CookieOptions },
  ): StoredUser;
}

function browser(pageUrl = 'https://www.example.com', shared?: FakeCookieJar): Browser {
  const jar = shared ?? fakeCookieJar(pageUrl);
  const local = fakeTextStore();
  let ids = 0;
  return {
    jar,
    local,
    open: (options = {}, { keys = KEYS, cookie = {} } = {}) =>
      createStoredUser({
        cookies: createCookies({ jar, pageUrl, options: cookie }),
        local,
        newId: () => `anonymous-${(ids += 1)}`,
        options,
        keys,
      }),
  };
}

describe('a visitor', () => {
  test('is nobody at first, and gets an anonymous id when it is asked for', () => {
    const user = browser().open();
    expect(user.id()).toBeNull();
    expect(user.traits()).toEqual({});
    expect(user.anonymousId()).toBe('anonymous-1');
    expect(user.anonymousId()).toBe('anonymous-1');
  });

  test('is known by the next page', () => {
    const { open } = browser();
    const user = open();
    user.anonymousId();
    user.identify('u1', { plan: 'pro' });
    const next = open();
    expect([next.id(), next.anonymousId(), next.traits()]).toEqual(['u1', 'anonymous-1', { plan: 'pro' }]);
  });

  test('keeps their anonymous id when they sign in', () => {
    const user = browser().open();
    const before = user.anonymousId();
    user.identify('u1');
    expect(user.anonymousId()).toBe(before);
  });

  test('leaves nothing to the next one who signs in', () => {
    const user = browser().open();
    user.identify('u1', { plan: 'pro' });
    const before = user.anonymousId();
    user.identify('u2', { name: 'B' });
    expect(user.id()).toBe('u2');
    expect(user.traits()).toEqual({ name: 'B' });
    expect(user.anonymousId()).not.toBe(before);
  });

  test('adds to their traits, and can have them replaced', () => {
    const user = browser().open();
    user.identify(null, { a: 1 });
    user.identify('u1', { b: 2 });
    user.identify('u1', { c: 3 });
    expect(user.traits()).toEqual({ a: 1, b: 2, c: 3 });
    user.traits({ d: 4 });
    expect(user.traits()).toEqual({ d: 4 });
    user.traits(null);
    expect(user.traits()).toEqual({});
  });

  test('cannot be changed through what was given or what was answered', () => {
    const user = browser().open();
    const given = { list: [1] };
    user.identify('u1', given);
    given.list.push(2);
    const answered = user.traits() as { list: number[] };
    answered.list.push(3);
    expect(user.traits()).toEqual({ list: [1] });
  });

  test('who signs out is forgotten everywhere', () => {
    const { open, jar, local } = browser();
    const user = open();
    user.anonymousId();
    user.identify('u1', { plan: 'pro' });
    user.reset();
    expect([user.id(), user.traits()]).toEqual([null, {}]);
    expect(jar.kept()).toEqual({});
    expect(local.keys()).toEqual([]);
    expect(user.anonymousId()).toBe('anonymous-2');
  });

  test('is written to cookie and localStorage as the wrapped SDK does', () => {
    const { open, jar, local } = browser();
    const user = open();
    user.anonymousId();
    user.identify('u1', { plan: 'pro' });
    expect(jar.kept()).toEqual({
      'ajs_user_id@example.com': 'u1',
      'ajs_anonymous_id@example.com': 'anonymous-1',
    });
    expect(Object.fromEntries(local.values)).toEqual({
      ajs_user_id: '"u1"',
      ajs_anonymous_id: '"anonymous-1"',
      ajs_user_traits: '{"plan":"pro"}',
    });
  });

  test('is read once, not at every call', () => {
    const { open, jar } = browser();
    let reads = 0;
    const read = jar.read;
    jar.read = () => {
      reads += 1;
      return read();
    };
    const user = open();
    user.identify('u1', { a: 1 });
    user.anonymousId();
    const before = reads;
    for (let i = 0; i < 100; i++) {
      user.id();
      user.anonymousId();
      user.traits();
      user.identify('u1', { a: i });
    }
    expect(reads).toBe(before);
  });
});

describe('a visitor of a site that changes over', () => {
  test.each([
    ['bare', 'u1', 'u1'],
    ['as JSON', '"u1"', 'u1'],
    ['as a number', '42', '42'],
    ['as a number in quotes', '"42"', '42'],
    ['as a number too large for one', '12345678901234567890', '12345678901234567890'],
    ['with quotes inside', '"a\\"b"', 'a"b'],
    ['in half', '"u1', '"u1'],
  ])('keeps an id that was written %s, as text', (_, written, id) => {
    const inCookie = browser();
    inCookie.jar.write(`ajs_user_id=${encodeURIComponent(written)}; Path=/; Max-Age=9; Domain=example.com`);
    expect(inCookie.open().id()).toBe(id);
    const inLocal = browser();
    inLocal.local.set('ajs_user_id', written);
    expect(inLocal.open().id()).toBe(id);
  });

  test.each(['', '""', 'null'])('has no id where %j was written', (written) => {
    const { open, local } = browser();
    local.set('ajs_user_id', written);
    expect(open().id() ?? null).toBe(written === 'null' ? 'null' : null);
  });

  test('is the one that the cookie names, where localStorage names another', () => {
    const { open, jar, local } = browser();
    jar.write('ajs_user_id=cookie; Path=/; Max-Age=9; Domain=example.com');
    jar.write('ajs_anonymous_id=cookie-a; Path=/; Max-Age=9; Domain=example.com');
    local.set('ajs_user_id', '"local"');
    local.set('ajs_anonymous_id', '"local-a"');
    const user = open();
    expect([user.id(), user.anonymousId()]).toEqual(['cookie', 'cookie-a']);
    expect(local.get('ajs_user_id')).toBe('"cookie"');
    expect(local.get('ajs_anonymous_id')).toBe('"cookie-a"');
  });

  test('is found in localStorage where the cookies are gone, which are written again', () => {
    const { open, jar, local } = browser();
    local.set('ajs_user_id', '"u1"');
    local.set('ajs_anonymous_id', '"a1"');
    local.set('ajs_user_traits', '{"plan":"pro"}');
    const user = open();
    expect([user.id(), user.anonymousId(), user.traits()]).toEqual(['u1', 'a1', { plan: 'pro' }]);
    expect(jar.kept()).toEqual({ 'ajs_user_id@example.com': 'u1', 'ajs_anonymous_id@example.com': 'a1' });
  });

  test.each(['{"plan":', '[]', '1', 'null', '"x"', ''])('has no traits where %j was written', (written) => {
    const { open, local } = browser();
    local.set('ajs_user_traits', written);
    expect(open().traits()).toEqual({});
  });
});

describe('on another sub-domain', () => {
  const signIn = (): { shop: Browser; www: Browser } => {
    const jar = fakeCookieJar('https://www.example.com');
    const www = browser('https://www.example.com', jar);
    const shop = browser('https://www.example.com', jar); // both share cookies, but not localStorage
    return { shop, www };
  };

  test('somebody else has signed in: they get nothing of the one who was here before', () => {
    const { shop, www } = signIn();
    const before = shop.open();
    before.anonymousId();
    before.identify('a', { secret: 'of a' });
    www.open().identify('b', { name: 'B' });
    for (let page = 0; page < 3; page++) {
      const user = shop.open();
      expect(user.id()).toBe('b');
      expect(user.traits()).not.toHaveProperty('secret');
      user.reload();
      expect(user.traits()).not.toHaveProperty('secret');
    }
    const user = shop.open();
    user.identify('b', { more: 1 });
    expect(user.traits()).toEqual({ more: 1 });
  });

  test('the visitor has signed out: they do not come back', () => {
    const { shop, www } = signIn();
    const before = shop.open();
    before.anonymousId();
    before.identify('a', { secret: 'of a' });
    const other = www.open();
    other.reset();
    other.anonymousId();
    for (let page = 0; page < 3; page++) {
      const user = shop.open();
      expect([user.id(), user.traits(), user.anonymousId()]).toEqual([null, {}, other.anonymousId()]);
    }
  });

  test('the visitor has signed out: what is learned of them then is kept', () => {
    const { shop, www } = signIn();
    const before = shop.open();
    before.anonymousId();
    before.identify('a', { secret: 'of a' });
    const other = www.open();
    other.reset();
    other.anonymousId();
    shop.open().identify(null, { language: 'de' });
    expect(shop.open().traits()).toEqual({ language: 'de' });
  });
});

describe('reload', () => {
  test('writes nothing: what another tab is writing may be seen in one place before the other', () => {
    const { jar, local, open } = browser();
    const first = open();
    first.anonymousId();
    first.identify('bob');
    const before = jar.read();
    local.set(KEYS.id, JSON.stringify('ann'));
    first.reload();
    expect([jar.read(), local.get(KEYS.id)]).toEqual([before, JSON.stringify('ann')]);
  });

  test('takes over what another tab has written', () => {
    const { open } = browser();
    const [one, other] = [open(), open()];
    one.anonymousId();
    one.identify('u1', { a: 1 });
    other.reload();
    expect([other.id(), other.anonymousId(), other.traits()]).toEqual(['u1', 'anonymous-1', { a: 1 }]);
  });

  test('loses nothing of what only this page knows', () => {
    for (const options of [{ localStorageFallbackDisabled: true }, { persist: false }]) {
      const user = browser().open(options);
      user.anonymousId();
      user.identify('u1', { a: 1 });
      user.reload();
      expect([user.id(), user.traits()]).toEqual(['u1', { a: 1 }]);
    }
  });

  test('takes nobody else for the traits of this visitor where localStorage is full', () => {
    const { open, local } = browser();
    open().identify('a', { secret: 'of a' });
    const set = local.set;
    local.set = (key, value) => value.length < 50 && set(key, value);
    const user = open();
    user.identify('b', { long: 'x'.repeat(50) });
    user.reload();
    expect(user.traits()).not.toHaveProperty('secret');
    expect(open().traits()).not.toHaveProperty('secret');
  });
});

describe('options', () => {
  test('persist: false keeps nothing', () => {
    const { open, jar, local } = browser();
    const user = open({ persist: false });
    user.anonymousId();
    user.identify('u1', { a: 1 });
    expect([user.id(), user.traits()]).toEqual(['u1', { a: 1 }]);
    expect(jar.kept()).toEqual({});
    expect(local.keys()).toEqual([]);
  });

  test('disable knows nobody', () => {
    const { open, jar, local } = browser();
    const user = open({ disable: true });
    user.identify('u1', { a: 1 });
    expect([user.id('x'), user.anonymousId('y'), user.traits({ a: 1 })]).toEqual([null, null, undefined]);
    expect(jar.written).toEqual([]);
    expect(local.keys()).toEqual([]);
  });

  test('localStorageFallbackDisabled keeps ids in cookies only, and traits in memory', () => {
    const { open, jar, local } = browser();
    const user = open({ localStorageFallbackDisabled: true });
    user.identify('u1', { a: 1 });
    expect(user.traits()).toEqual({ a: 1 });
    expect(Object.keys(jar.kept())).toEqual(['ajs_user_id@example.com']);
    expect(local.keys()).toEqual([]);
  });

  test('keys can be named', () => {
    const { open, jar, local } = browser();
    open({ cookie: { key: 'my_id' }, localStorage: { key: 'my_traits' } }).identify('u1', { a: 1 });
    expect(Object.keys(jar.kept())).toEqual(['my_id@example.com']);
    expect([...local.values.keys()].sort()).toEqual(['my_id', 'my_traits']);
  });

  test('a group has no anonymous id', () => {
    const group = browser().open(
      {},
      { keys: { id: 'ajs_group_id', traits: 'ajs_group_properties' } as typeof KEYS },
    );
    expect(group.anonymousId()).toBeUndefined();
    group.identify('g1', { name: 'G' });
    group.identify('g2');
    expect([group.id(), group.traits()]).toEqual(['g2', {}]);
  });
});

test('a browser that refuses cookies and localStorage takes nothing down: the visitor lives as long as the page', () => {
  const refusing = fakeTextStore();
  refusing.refuse('none');
  const user = createStoredUser({
    cookies: createCookies({
      jar: { read: () => '', write: () => undefined },
      pageUrl: 'https://example.com',
      options: {},
    }),
    local: refusing,
    newId: () => 'anonymous',
    options: {},
    keys: KEYS,
  });
  user.identify('u1', { a: 1 });
  expect([user.id(), user.anonymousId(), user.traits()]).toEqual(['u1', 'anonymous', { a: 1 }]);
  expect(user.kept()).toBeNull();
  user.reset();
  expect(user.id()).toBeNull();
});

describe('compared with the User of the wrapped SDK', () => {
  beforeEach(() => {
    for (const pair of document.cookie.split('; '))
      document.cookie = `${pair.split('=')[0]}=; Max-Age=0; Path=/`;
    localStorage.clear();
  });

  test('every sequence of calls ends in the same ids and traits', async () => {
    const User = await wrappedUser();
    // this is the original class, not the stand-in that the build uses
    expect(User).toHaveProperty('defaults');
    const random = seeded(11);
    for (let run = 0; run < 150; run++) {
      const options: IdentityOptions = random.pick([
        {},
        {},
        { persist: false },
        { localStorageFallbackDisabled: true },
        { disable: true },
      ]);
      localStorage.clear();
      const theirs = new User(options);
      theirs.reset();
      const { open } = browser();
      let mine = open(options);
      let written: Traits = {};
      for (let step = 0; step < 40; step++) {
        const id = random.pick(['a', 'b', 'c', null, undefined] as const);
        const traits = random.pick([
          undefined,
          {},
          { x: step },
          { y: { z: [step] } },
          { x: null },
          { gone: undefined },
        ] as const);
        const before = { mine: mine.anonymousId(), theirs: theirs.anonymousId() };
        const roll = random.below(8);
        if (roll < 4) {
          mine.identify(id, traits);
          theirs.identify(id, traits);
        } else if (roll === 4) {
          mine.id(id);
          theirs.id(id);
        } else if (roll === 5) {
          mine.traits(traits);
          theirs.traits(traits);
        } else if (roll === 6) {
          const act = random.pick(['reset', 'logout'] as const);
          mine[act]();
          theirs[act]();
        } else if (options.persist !== false && !options.disable && !options.localStorageFallbackDisabled) {
          mine = open(options);
        }
        written = mine.traits() ?? {};
        const what = `run ${run}, step ${step}, ${JSON.stringify({ roll, id, traits, options })}`;
        expect(mine.id(), what).toBe(theirs.id());
        expect(written, what).toEqual(theirs.traits() ?? {});
        expect(mine.anonymousId() === before.mine, what).toBe(theirs.anonymousId() === before.theirs);
      }
    }
  });
});
