import { afterEach, describe, expect, test, vi } from 'vitest';
import * as browser from '../../../src/sdk/browser.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the clock', () => {
  test('runs what is due once, unless it is stopped', () => {
    vi.useFakeTimers();
    const log: string[] = [];
    browser.clock.after(10, () => void log.push('a'));
    browser.clock.after(10, () => void log.push('b'))();
    vi.advanceTimersByTime(100);
    expect(log).toEqual(['a']);
  });

  test.each([2 ** 31, Number.MAX_SAFE_INTEGER])('does not run at once what is due in %i ms', (delayMs) => {
    vi.useFakeTimers();
    let ran = false;
    browser.clock.after(delayMs, () => void (ran = true));
    vi.advanceTimersByTime(60_000);
    expect(ran).toBe(false);
  });
});

describe('what the page lives through', () => {
  function visibility(state: 'hidden' | 'visible'): void {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
    document.dispatchEvent(new Event('visibilitychange'));
  }

  test('is told to those who listen, until they stop', () => {
    const log: string[] = [];
    const closing = new AbortController();
    for (const event of [
      'hide',
      'show',
      'leave',
      'return',
      'freeze',
      'resume',
      'online',
      'prerenderingchange',
    ] as const)
      browser.lifecycle.on(event, () => void log.push(event), closing.signal);
    visibility('hidden');
    document.dispatchEvent(new Event('freeze'));
    document.dispatchEvent(new Event('resume'));
    visibility('visible');
    window.dispatchEvent(new Event('pagehide'));
    window.dispatchEvent(new Event('pageshow')); // the first `pageshow`, when the page loads
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    window.dispatchEvent(new Event('online'));
    document.dispatchEvent(new Event('prerenderingchange'));
    closing.abort();
    visibility('hidden');
    document.dispatchEvent(new Event('freeze'));
    window.dispatchEvent(new Event('online'));
    expect(log).toEqual([
      'hide',
      'freeze',
      'resume',
      'show',
      'leave',
      'return',
      'online',
      'prerenderingchange',
    ]);
  });

  test('can be asked for: whether anybody sees it', () => {
    const { hidden } = browser.lifecycle;
    visibility('hidden');
    expect(hidden()).toBe(true);
    visibility('visible');
    expect(hidden()).toBe(false);
  });
});

describe('what the browser refuses', () => {
  const refuse = (): never => {
    throw new DOMException('no', 'SecurityError');
  };

  test('is answered, not thrown: localStorage', () => {
    vi.spyOn(globalThis, 'localStorage', 'get').mockImplementation(refuse);
    expect([browser.local.get('a'), browser.local.set('a', 'b'), browser.local.keys()]).toEqual([
      null,
      false,
      [],
    ]);
    expect(() => browser.local.remove('a')).not.toThrow();
  });

  test('is answered, not thrown: cookies', () => {
    Object.defineProperty(document, 'cookie', { get: refuse, set: refuse, configurable: true });
    expect(browser.cookieJar.read()).toBe('');
    expect(() => browser.cookieJar.write('a=b')).not.toThrow();
    Reflect.deleteProperty(document, 'cookie'); // the accessor of Document.prototype is in force again
  });

  test('is answered, not thrown: channels and databases', () => {
    vi.stubGlobal('BroadcastChannel', refuse);
    vi.stubGlobal('indexedDB', { deleteDatabase: refuse });
    expect(browser.openChannel('x', () => undefined)).toBeUndefined();
    expect(() => browser.deleteDatabase('x')).not.toThrow();
    vi.unstubAllGlobals();
  });
});

test('a change of localStorage by another tab is told with its key, until nobody listens', () => {
  const keys: (string | null)[] = [];
  const closing = new AbortController();
  browser.onStorageChange((key) => void keys.push(key), closing.signal);
  window.dispatchEvent(new StorageEvent('storage', { key: 'a' }));
  window.dispatchEvent(new StorageEvent('storage', { key: null })); // the timer was cleared
  closing.abort();
  window.dispatchEvent(new StorageEvent('storage', { key: 'b' }));
  expect(keys).toEqual(['a', null]);
});

test('localStorage is read, written and listed', () => {
  localStorage.clear();
  expect(browser.local.set('a', '1')).toBe(true);
  expect([browser.local.get('a'), browser.local.keys()]).toEqual(['1', ['a']]);
  browser.local.remove('a');
  expect(browser.local.get('a')).toBeNull();
});

test('ids are long, and never the same', () => {
  const ids = new Set(Array.from({ length: 1_000 }, browser.uuid));
  expect(ids.size).toBe(1_000);
  expect(
    [...ids].every((id) => /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id)),
  ).toBe(true);
  expect(new Set(Array.from({ length: 1_000 }, () => browser.randomNumbers(2).join())).size).toBe(1_000);
});

describe('a change of the address', () => {
  function listen(): { readonly log: string[]; stop(): void } {
    const log: string[] = [];
    const closing = new AbortController();
    browser.onAddressChange(() => void log.push(location.pathname), closing.signal);
    return {
      log,
      stop: () => closing.abort(),
    };
  }

  test('is told by the Navigation API, and history is left alone', () => {
    const navigation = new EventTarget();
    vi.stubGlobal('navigation', navigation);
    const { pushState } = history;
    const { log, stop } = listen();
    expect(history.pushState).toBe(pushState);
    navigation.dispatchEvent(new Event('currententrychange'));
    stop();
    navigation.dispatchEvent(new Event('currententrychange'));
    expect(log).toHaveLength(1);
    vi.unstubAllGlobals();
  });

  test('is told without it, after it was made, and history is then left as it was', () => {
    const before = [history.pushState, history.replaceState];
    const called = vi.fn<(...args: readonly unknown[]) => void>();
    history.pushState = called;
    const { log, stop } = listen();
    history.pushState({ n: 1 }, '', '/boots');
    history.replaceState(null, '');
    window.dispatchEvent(new Event('popstate'));
    expect(called.mock.calls).toEqual([[{ n: 1 }, '', '/boots']]);
    expect(log).toHaveLength(3);
    stop();
    expect([history.pushState, history.replaceState]).toEqual([called, before[1]]);
    window.dispatchEvent(new Event('popstate'));
    expect(log).toHaveLength(3);
    history.pushState = before[0] as History['pushState'];
  });

  test('who has come in front of it since then stays', () => {
    const before = history.pushState;
    const { stop } = listen();
    const ours = history.pushState;
    const theirs: History['pushState'] = (...args) => ours.apply(history, args);
    history.pushState = theirs;
    stop();
    expect(history.pushState).toBe(theirs);
    history.pushState = before;
  });
});

test('ids are made also where the browser makes none', () => {
  vi.spyOn(crypto, 'randomUUID').mockReturnValue(undefined as never);
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  expect(new Set(Array.from({ length: 100 }, browser.uuid)).size).toBe(100);
  Reflect.deleteProperty(crypto, 'randomUUID');
});

test('the canonical address is that of the moment, also when the page changes it', () => {
  expect(browser.pageFacts().canonical).toBeUndefined();
  const link = document.createElement('link');
  link.rel = 'canonical';
  link.setAttribute('href', '/one');
  document.head.append(link);
  expect(browser.pageFacts().canonical).toBe('/one');
  link.setAttribute('href', '/two');
  expect(browser.pageFacts().canonical).toBe('/two');
  link.remove();
  expect(browser.pageFacts().canonical).toBeUndefined();
});

describe('what a call keeps of the page', () => {
  interface HappyWindow {
    readonly happyDOM: { setURL(url: string): void };
  }
  const visit = (url: string): void => (window as unknown as HappyWindow).happyDOM.setURL(url);

  test('is one object for as long as nothing changes', () => {
    visit('https://shop.example.com/shoes?size=40#red');
    const facts = browser.pageFacts();
    expect(facts).toMatchObject({
      href: 'https://shop.example.com/shoes?size=40#red',
      path: '/shoes',
      search: '?size=40',
      title: document.title,
    });
    expect(browser.pageFacts()).toBe(facts);
  });

  test.each<readonly [string, () => void]>([
    ['its address', () => visit('https://shop.example.com/hats')],
    ['its query', () => visit('https://shop.example.com/hats?size=58')],
    ['its hash', () => visit('https://shop.example.com/hats?size=58#top')],
    ['its title', () => void (document.title = `${document.title}!`)],
    [
      'its canonical address',
      () => {
        const link = document.createElement('link');
        link.rel = 'canonical';
        link.setAttribute('href', `/${document.getElementsByTagName('link').length}`);
        document.head.append(link);
      },
    ],
    ['the language', () => void vi.spyOn(navigator, 'language', 'get').mockReturnValue('eo')],
  ])('is another one when %s changes, and the earlier one stays as it was', (_, change) => {
    const before = browser.pageFacts();
    const copy = { ...before };
    change();
    const after = browser.pageFacts();
    expect(after).not.toBe(before);
    expect(after).not.toEqual(copy);
    expect(before).toEqual(copy);
    expect(after.href).toBe(location.href);
    expect([after.title, after.locale]).toEqual([document.title, navigator.language]);
  });
});
