/**
 * The only file that uses globals of the browser. Each global is looked up when it is used, and not when this file is loaded: so
 * importing the package has no effect, on a server too.
 *
 * Sections: contracts, kind of page, time, page lifecycle, URL changes, storage, page facts, randomness, network, other tabs,
 * consent platforms, console.
 */

// --- Contracts ---

export interface Clock {
  /** Wall clock, in milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after `delayMs`. The returned function cancels the timer. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * - `hide` and `show`: the visibility of the page has changed
 * - `leave` and `return`: the page is left (perhaps into the back/forward cache), and is shown again from there
 * - `freeze` and `resume`: the page stays, and the browser runs none of its code. https://wicg.github.io/page-lifecycle/
 * - `online`: the network is there again
 * - `prerenderingchange`: a prerendered page is shown. https://wicg.github.io/nav-speculation/prerendering.html
 */
export type LifecycleEvent =
  'hide' | 'show' | 'leave' | 'return' | 'freeze' | 'resume' | 'online' | 'prerenderingchange';

export interface Lifecycle {
  /** Whether the browser believes that there is a network. It may be wrong: use it to delay requests, never to drop events. */
  online(): boolean;
  hidden(): boolean;
  /** Calls `run` at each such event, until `ending` aborts. */
  on(event: LifecycleEvent, run: () => void, ending: AbortSignal): void;
}

/** A synchronous store of texts by key. Where the browser refuses, methods return null, false or an empty list, and never throw. */
export interface TextStore {
  get(key: string): string | null;
  /** Returns whether the browser has stored the text. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(): readonly string[];
}

/** Messages to the other tabs of this origin. */
export interface Channel {
  post(message: unknown): void;
  close(): void;
}

/** The facts of a page that go on the events of its calls. */
export interface PageFacts {
  readonly href: string;
  readonly path: string;
  readonly search: string;
  readonly title: string;
  readonly referrer: string;
  /** The document's canonical URL. Undefined where an earlier path of the same app had the same canonical URL already. */
  readonly canonical: string | undefined;
  /** The document's canonical URL, in any case. */
  readonly declared: string | undefined;
  readonly userAgent: string;
  readonly locale: string | undefined;
}

// --- Kind of page ---

/**
 * Whether this code runs in a page, or in the service worker of an extension: that has no document, and everything else that
 * storing and sending need. False on servers and in the workers of pages.
 */
export const inBrowser = (): boolean | undefined =>
  typeof document !== 'undefined' ||
  // Workers of Cloudflare have `ServiceWorkerGlobalScope` too, and no `location`.
  ('ServiceWorkerGlobalScope' in globalThis &&
    (globalThis as Partial<typeof globalThis>).location?.protocol.endsWith('-extension:'));

/** The part of a document that the SDK uses. A service worker has its global scope instead, which gets no events of documents. */
type PageDocument = Pick<Document, 'visibilityState' | 'title' | 'referrer' | 'getElementsByTagName'>;
const page = (): Partial<PageDocument> & EventTarget =>
  typeof document === 'undefined' ? globalThis : document;

/** Whether the page is being prerendered, so that no visitor sees it yet. */
export const inPrerender = (): boolean | undefined => (document as { prerendering?: boolean }).prerendering;

/** Whether this is a frame inside a page of its own origin, such as a silent sign-in or a widget. */
export const inFrame = (): boolean =>
  // A parent of another origin refuses access to its document, and a service worker has no window.
  unlessRefused(() => parent !== window && Boolean(parent.document), false);

/** The document, for the display of in-app messages: that reaches the window and its constructors through `defaultView`. */
export const pageDocument = (): Document => document;

/** The URL that paths are resolved against. `about:srcdoc` and `about:blank` have that of the document that made them. */
export const pageUrl = (): string => (location.protocol === 'about:' ? document.baseURI : location.href);

/** The registry of this name, which every copy of this package on the page shares. */
export function pageRegistry<T>(name: string): Map<string, T> {
  const page = globalThis as unknown as Record<symbol, Map<string, T> | undefined>;
  return (page[Symbol.for(name)] ??= new Map<string, T>());
}

/** Runs `use`. Returns `refused` where the browser refuses by throwing. */
function unlessRefused<T>(use: () => T, refused: T): T;
function unlessRefused<T>(use: () => T): T | undefined;
function unlessRefused<T>(use: () => T, refused?: T): T | undefined {
  try {
    return use();
  } catch {
    return refused;
  }
}

// --- Time ---

// A longer timer fires at once: https://html.spec.whatwg.org/#timers
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `after` of the clock, for the consent sources, which do not need the time. */
export function callAfter(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
  return () => clearTimeout(timer);
}

export const clock: Clock = { now: () => Date.now(), after: callAfter };

/** Milliseconds from some start; never goes back. */
export const monotonicMs = (): number => performance.now();

// --- Page lifecycle ---

const listen = (target: EventTarget, type: string, run: (event: Event) => void, signal: AbortSignal): void =>
  target.addEventListener(type, run, { signal });

const hidden = (): boolean => page().visibilityState === 'hidden';

export const lifecycle: Lifecycle = {
  online: () => navigator.onLine !== false,
  hidden,
  on(event, run, ending) {
    switch (event) {
      case 'hide':
      case 'show':
        return listen(
          page(),
          'visibilitychange',
          () => {
            if (hidden() === (event === 'hide')) run();
          },
          ending,
        );

      case 'leave':
        return listen(globalThis, 'pagehide', run, ending);
      case 'return':
        return listen(
          globalThis,
          'pageshow',
          (shown) => {
            if ((shown as PageTransitionEvent).persisted) run();
          },
          ending,
        );
      case 'online':
        return listen(globalThis, event, run, ending);
      default:
        return listen(page(), event, run, ending);
    }
  },
};

/** Whether a page that holds a Web Lock as its navigation begins is not kept for going back: in Firefox, if it tells of navigations. */
export const needsDeparture = (): boolean => 'mozInnerScreenX' in globalThis && 'navigation' in globalThis;

/**
 * Calls `run` when a navigation to another document begins, which may fail, until `ending` aborts. A router that takes the
 * navigation over has done so when all listeners have run, so the check comes in a task after them.
 */
export function onDeparture(run: () => void, ending: AbortSignal): void {
  const { navigation } = globalThis as { navigation?: EventTarget & { readonly transition: unknown } };
  navigation?.addEventListener(
    'navigate',
    (event) => {
      const { destination, downloadRequest } = event as NavigateEvent;
      if (!destination.sameDocument && downloadRequest === null)
        clock.after(0, () => {
          if (!navigation.transition) run();
        });
    },
    { signal: ending },
  );
}

// --- URL changes ---

/**
 * Calls `run` at each change of the URL within this page, at once: by the Navigation API
 * (https://html.spec.whatwg.org/#navigation-api), and where that is missing (before Chrome 102, Safari 26.2, Firefox 147) by
 * wrapping `pushState` and `replaceState`.
 * @param run gets whether the new URL has replaced the one before in the history
 * @param ending ends it
 */
export function onAddressChange(run: (isReplaced: boolean) => void, ending: AbortSignal): void {
  const { navigation } = window as { navigation?: EventTarget };
  listen(
    navigation ?? window,
    navigation ? 'currententrychange' : 'popstate',
    (event) => run((event as { readonly navigationType?: string }).navigationType === 'replace'),
    ending,
  );
  for (const name of navigation ? [] : (['pushState', 'replaceState'] as const)) {
    const original = history[name];
    const ours: typeof original = (...args) => {
      original.apply(history, args);
      run(name === 'replaceState');
    };
    history[name] = ours;
    ending.addEventListener('abort', () => {
      // Another script may have wrapped our function since: then it must stay.
      if (history[name] === ours) history[name] = original;
    });
  }
}

// --- Storage ---

/** localStorage. Sandboxed frames throw when it is read, and a full one throws when it is written. */
export const local: TextStore = {
  get: (key) => unlessRefused(() => localStorage.getItem(key), null),
  set: (key, value) => unlessRefused(() => (localStorage.setItem(key, value), true), false),
  remove: (key) => unlessRefused(() => localStorage.removeItem(key)),
  keys: () => unlessRefused(() => Object.keys(localStorage), []),
};

/** `document.cookie`. Sandboxed frames throw when it is read or written. */
export const cookieJar = {
  read: (): string => unlessRefused(() => document.cookie, ''),
  // The Cookie Store API is missing in Firefox and is asynchronous; an id must be stored before the next line of the page runs.
  write: (cookie: string): void => unlessRefused(() => void (document.cookie = cookie)),
};

/** Calls `run` when another tab of this origin has changed localStorage: with the key, or `null` when all was cleared. */
export const onStorageChange = (run: (key: string | null) => void, ending: AbortSignal): void =>
  listen(globalThis, 'storage', (event) => run((event as StorageEvent).key), ending);

/** Asks the browser to delete a database, and does not wait: other tabs may have it open for a moment longer. */
export const deleteDatabase = (name: string): void =>
  unlessRefused(() => void indexedDB.deleteDatabase(name));

// --- Page facts ---

let links: HTMLCollectionOf<HTMLLinkElement> | undefined;

/** The document's canonical URL, as it is written. */
function declaredAddress(): string | undefined {
  // Each call of the application walks this live collection. Querying the document each time costs ten times as much.
  links ??= page().getElementsByTagName?.('link');
  let found: string | undefined;
  for (const link of links ?? [])
    if (link.rel === 'canonical') found = link.getAttribute('href') ?? undefined;
  return found;
}

let facts: PageFacts | undefined;
/** The path on which the document had this canonical URL first. Many apps change the path and leave the link as the server wrote it. */
let declaredOn: string | undefined;

export function pageFacts(): PageFacts {
  const { href, pathname: path, search } = location;
  const { title = '', referrer = '' } = page();
  const { userAgent, language: locale } = navigator;
  const declared = declaredAddress();
  if (!facts || facts.declared !== declared) declaredOn = path;
  // The same object is returned until a fact changes: ten thousand calls that wait for consent then share one object.
  if (
    facts?.href !== href ||
    facts.title !== title ||
    facts.declared !== declared ||
    facts.locale !== locale
  ) {
    const canonical = declaredOn === path ? declared : undefined;
    facts = { href, path, search, title, referrer, canonical, declared, userAgent, locale };
  }
  return facts;
}

// --- Randomness ---

/** Random whole numbers below 2^32. */
export const randomNumbers = (count: number): readonly number[] => [
  ...crypto.getRandomValues(new Uint32Array(count)),
];

/** Makes a version 4 UUID (RFC 9562). On pages without TLS browsers make none: then a text of 160 random bits. */
export const uuid = (): string => (crypto as Partial<Crypto>).randomUUID?.() ?? randomNumbers(5).join('');

export const random = (): number => Math.random();

/** Undefined on pages without TLS. */
export const subtleCrypto = (): SubtleCrypto | undefined => (crypto as Partial<Crypto>).subtle;

// --- Network ---

export const request: typeof fetch = (input, init) => fetch(input, init);

/** Compresses a text. Returns undefined where the browser cannot. https://compression.spec.whatwg.org/ */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (typeof CompressionStream === 'undefined') return undefined;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// --- Other tabs ---

/** Opens a channel between tabs. Returns undefined where the browser has no BroadcastChannel or refuses it. */
export function openChannel(name: string, onMessage: (message: unknown) => void): Channel | undefined {
  return unlessRefused<Channel>(() => {
    const channel = new BroadcastChannel(name);
    channel.onmessage = (event: MessageEvent<unknown>) => onMessage(event.data);
    return { post: (message) => channel.postMessage(message), close: () => channel.close() };
  });
}

/** Web Locks. Undefined on pages without TLS, and in Safari before 15.4. */
export function lockManager(): LockManager | undefined {
  return navigator.locks;
}

// --- Consent platforms ---

/** Listens to an event that other scripts of the page dispatch on `window`. */
export function onPageEvent(type: string, run: (event: Event) => void): () => void {
  window.addEventListener(type, run);
  return () => window.removeEventListener(type, run);
}

/**
 * Calls `run` at each event of this type on an element. A submission that jQuery triggers runs only the listeners of jQuery, and
 * jQuery runs its listeners at the events of the browser too.
 */
export function onElementEvent(element: Element, type: string, run: () => void): void {
  const { jQuery } = globalThis as {
    jQuery?: (element: Element) => { on(type: string, run: () => void): void };
  };
  if (jQuery && type === 'submit') jQuery(element).on(type, run);
  else element.addEventListener(type, run);
}

/** Whether the browser sends the signal of Global Privacy Control. https://w3c.github.io/gpc/ */
export const asksForPrivacy = (): boolean =>
  Boolean(inBrowser()) && (navigator as { globalPrivacyControl?: unknown }).globalPrivacyControl === true;

/** The global object, by the names of its properties. A service worker of an extension has no `window`. */
export const pageGlobal = (): Record<string, unknown> => globalThis;

// --- Console ---

export const warnInConsole = (...text: unknown[]): void => console.warn(...text);
export const printer = (): Console => console;
