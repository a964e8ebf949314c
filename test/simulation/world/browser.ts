import type * as real from '../../../src/sdk/browser.ts';
import { currentPage, type Page } from './page.ts';

/**
 * Replaces `src/sdk/browser.ts` for all pages of a world: each function calls the function of the page whose
 * code is running.
 */
export type Browser = typeof real;

const browsers = new WeakMap<Page, Browser>();
const databases = new WeakMap<Page, IDBFactory>();

/** Gives a page its browser functions and its IndexedDB. */
export function furnish(page: Page, browser: Browser, indexedDB: IDBFactory): void {
  browsers.set(page, browser);
  databases.set(page, indexedDB);
}

/** Replaces the global `indexedDB`, which idb-keyval reads by itself. */
export const indexedDB: Partial<IDBFactory> = {
  get open() {
    return databases.get(currentPage())?.open;
  },
};

function here(): Browser {
  const page = currentPage();
  const browser = page.life() === 'gone' ? nothing : browsers.get(page);
  if (!browser) throw new Error(`${page.name} has no browser`);
  return browser;
}

const stop = (): void => undefined;

/** The pages of the simulation draw no messages. */
function noDocument(): Document {
  throw new Error('a simulated page has no document');
}

/** The browser of a page that has ended: its functions do nothing. */
const nothing: Browser = {
  inBrowser: () => true,
  clock: { now: () => 0, after: () => stop },
  callAfter: () => stop,
  monotonicMs: () => 0,
  lifecycle: { online: () => true, hidden: () => true, on: stop },
  local: { get: () => null, set: () => false, remove: stop, keys: () => [] },
  cookieJar: { read: () => '', write: stop },
  onStorageChange: stop,
  pageFacts: () => ({
    href: 'https://none.example/',
    path: '/',
    search: '',
    title: '',
    referrer: '',
    canonical: undefined,
    declared: undefined,
    userAgent: '',
    locale: undefined,
  }),
  pageDocument: noDocument,
  pageUrl: () => 'https://none.example/',
  randomNumbers: () => [0, 0],
  uuid: () => 'none',
  random: () => 0,
  request: () => new Promise(stop),
  gzip: () => new Promise(stop),
  openChannel: () => undefined,
  lockManager: () => undefined,
  subtleCrypto: () => undefined,
  deleteDatabase: stop,
  pageRegistry: <T>() => new Map<string, T>(),
  onPageEvent: () => () => undefined,
  onElementEvent: () => undefined,
  inPrerender: () => false,
  inFrame: () => false,
  onAddressChange: stop,
  needsDeparture: () => false,
  onDeparture: stop,
  asksForPrivacy: () => false,
  pageGlobal: () => ({}),
  warnInConsole: stop,
  printer: () => console,
};

const ofThePage: Browser = {
  inBrowser: () => here().inBrowser(),
  clock: { now: () => here().clock.now(), after: (delayMs, run) => here().clock.after(delayMs, run) },
  callAfter: (delayMs, run) => here().callAfter(delayMs, run),
  monotonicMs: () => here().monotonicMs(),
  lifecycle: {
    online: () => here().lifecycle.online(),
    hidden: () => here().lifecycle.hidden(),
    on: (event, run, ending) => here().lifecycle.on(event, run, ending),
  },
  local: {
    get: (key) => here().local.get(key),
    set: (key, value) => here().local.set(key, value),
    remove: (key) => here().local.remove(key),
    keys: () => here().local.keys(),
  },
  cookieJar: {
    read: () => here().cookieJar.read(),
    write: (cookie) => here().cookieJar.write(cookie),
  },
  onStorageChange: (run, ending) => here().onStorageChange(run, ending),
  pageFacts: () => here().pageFacts(),
  pageDocument: () => here().pageDocument(),
  pageUrl: () => here().pageUrl(),
  randomNumbers: (count) => here().randomNumbers(count),
  uuid: () => here().uuid(),
  random: () => here().random(),
  request: (input, init) => here().request(input, init),
  gzip: (text) => here().gzip(text),
  openChannel: (name, onMessage) => here().openChannel(name, onMessage),
  lockManager: () => here().lockManager(),
  subtleCrypto: () => here().subtleCrypto(),
  deleteDatabase: (name) => here().deleteDatabase(name),
  pageRegistry: (name) => here().pageRegistry(name),
  onPageEvent: (type, run) => here().onPageEvent(type, run),
  onElementEvent: (element, type, run) => here().onElementEvent(element, type, run),
  inPrerender: () => here().inPrerender(),
  inFrame: () => here().inFrame(),
  onAddressChange: (run, ending) => here().onAddressChange(run, ending),
  needsDeparture: () => here().needsDeparture(),
  onDeparture: (run, ending) => here().onDeparture(run, ending),
  asksForPrivacy: () => here().asksForPrivacy(),
  pageGlobal: () => here().pageGlobal(),
  warnInConsole: (...text) => here().warnInConsole(...text),
  printer: () => here().printer(),
};

export const {
  inBrowser,
  clock,
  lifecycle,
  local,
  cookieJar,
  onStorageChange,
  pageFacts,
  pageDocument,
  pageUrl,
  randomNumbers,
  uuid,
  random,
  request,
  gzip,
  openChannel,
  lockManager,
  subtleCrypto,
  deleteDatabase,
  pageRegistry,
  onPageEvent,
  onElementEvent,
  inPrerender,
  inFrame,
  onAddressChange,
  needsDeparture,
  onDeparture,
  asksForPrivacy,
  pageGlobal,
  warnInConsole,
  printer,
} = ofThePage;
