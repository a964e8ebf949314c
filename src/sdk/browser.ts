/**
 * The browser's one address: every global of the page that this package touches is named here and nowhere else, and is
 * looked up when it is used, so that importing the package touches nothing.
 */

/** Time, and the only way to wait. */
export interface Clock {
  /** Wall clock, in milliseconds since the epoch. */
  now(): number;
  /** Runs `run` after `delayMs`; the answer stops it. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * `hide` and `show`: visibility. `leave` and `return`: the page goes (perhaps into the back/forward cache) and comes back.
 * `freeze` and `resume`: it stays, and nothing in it runs. https://wicg.github.io/page-lifecycle/
 * `prerenderingchange`: what was made ready ahead of time is shown. https://wicg.github.io/nav-speculation/prerendering.html
 */
export type LifecycleEvent =
  'hide' | 'show' | 'leave' | 'return' | 'freeze' | 'resume' | 'online' | 'prerenderingchange';

/** What the page lives through. */
export interface Lifecycle {
  /** What the browser believes. It may be wrong: delay by it, never drop by it. */
  online(): boolean;
  hidden(): boolean;
  /** Runs `run` at each such event, until `ending` aborts. */
  on(event: LifecycleEvent, run: () => void, ending: AbortSignal): void;
}

/** Text by key, synchronous. Refusals of the browser are answered, never thrown. */
export interface TextStore {
  get(key: string): string | null;
  /** Says whether the browser kept it. */
  set(key: string, value: string): boolean;
  remove(key: string): void;
  keys(): readonly string[];
}

/** Messages to the other tabs of this origin. */
export interface Channel {
  post(message: unknown): void;
  close(): void;
}

/** What a call keeps of the page it was made on. */
export interface PageFacts {
  readonly href: string;
  readonly path: string;
  readonly search: string;
  readonly title: string;
  readonly referrer: string;
  /** The address that the document declares for itself, unless that was so on another path of the app already. */
  readonly canonical: string | undefined;
  /** The same, believed or not. */
  readonly declared: string | undefined;
  readonly userAgent: string;
  readonly locale: string | undefined;
}

/**
 * Whether there is a page, or the service worker of an extension, which has no document but all that storing and sending need.
 * Servers, and workers of pages, have neither.
 */
export const inBrowser = (): boolean | undefined =>
  typeof document !== 'undefined' ||
  // Cloudflare's Workers have that scope, and no address.
  ('ServiceWorkerGlobalScope' in globalThis &&
    (globalThis as Partial<typeof globalThis>).location?.protocol.endsWith('-extension:'));

/** The document; in a service worker its scope, to which nothing of a document ever happens. */
type PageDocument = Pick<Document, 'visibilityState' | 'title' | 'referrer' | 'getElementsByTagName'>;
const page = (): Partial<PageDocument> & EventTarget =>
  typeof document === 'undefined' ? globalThis : document;

// A longer timer fires at once: https://html.spec.whatwg.org/#timers
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

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
 * Runs `run` when a navigation to another document begins, where {@link needsDeparture}. It may lead nowhere. A router that takes
 * the navigation over has said so once all listeners have heard of it.
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

/** Whether the page is made ready ahead of time, and nobody sees it yet. */
export const inPrerender = (): boolean | undefined => (document as { prerendering?: boolean }).prerendering;

/** Whether this is a part of another page of its origin, with which it goes: a silent sign-in, a widget. */
export const inFrame = (): boolean =>
  // The document of another origin is not there, and a service worker has no window.
  unlessRefused(() => parent !== window && Boolean(parent.document), false);

/**
 * Tells of each change of the address within this page, at once: by the Navigation API
 * (https://html.spec.whatwg.org/#navigation-api), and where that is missing (before Chrome 102, Safari 26.2, Firefox 147) by
 * standing in front of what scripts change it with, until `ending` aborts.
 * @param run is told whether the new address has taken the place of the one before
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
      // Who has come in front of ours since then still calls it.
      if (history[name] === ours) history[name] = original;
    });
  }
}

/** What the browser refuses by throwing, as an answer. */
function unlessRefused<T>(use: () => T, refused: T): T;
function unlessRefused<T>(use: () => T): T | undefined;
function unlessRefused<T>(use: () => T, refused?: T): T | undefined {
  try {
    return use();
  } catch {
    return refused;
  }
}

/** localStorage: its getter throws in sandboxed frames, its setter when it is full. */
export const local: TextStore = {
  get: (key) => unlessRefused(() => localStorage.getItem(key), null),
  set: (key, value) => unlessRefused(() => (localStorage.setItem(key, value), true), false),
  remove: (key) => unlessRefused(() => localStorage.removeItem(key)),
  keys: () => unlessRefused(() => Object.keys(localStorage), []),
};

/** `document.cookie`, read and written whole. Sandboxed frames throw on both. */
export const cookieJar = {
  read: (): string => unlessRefused(() => document.cookie, ''),
  // The Cookie Store API is missing in Firefox and is asynchronous: an id must be there before the next line of the page.
  write: (cookie: string): void => unlessRefused(() => void (document.cookie = cookie)),
};

/** Tells when another tab of this origin has changed localStorage; `null` when it was cleared. */
export const onStorageChange = (run: (key: string | null) => void, ending: AbortSignal): void =>
  listen(globalThis, 'storage', (event) => run((event as StorageEvent).key), ending);

let links: HTMLCollectionOf<HTMLLinkElement> | undefined;

function declaredAddress(): string | undefined {
  // A live collection is walked once for each call of the application; asking the document anew costs ten times that.
  links ??= page().getElementsByTagName?.('link');
  let found: string | undefined;
  for (const link of links ?? [])
    if (link.rel === 'canonical') found = link.getAttribute('href') ?? undefined;
  return found;
}

let facts: PageFacts | undefined;
/** Where the document began to declare what it declares: many apps leave the link of the server as it is. */
let declaredOn: string | undefined;

export function pageFacts(): PageFacts {
  const { href, pathname: path, search } = location;
  const { title = '', referrer = '' } = page();
  const { userAgent, language: locale } = navigator;
  const declared = declaredAddress();
  if (!facts || facts.declared !== declared) declaredOn = path;
  // The same object for as long as nothing changes: ten thousand calls that wait for consent have one page.
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

/** The URL that a path is resolved against: `about:srcdoc` and `about:blank` have that of the document that made them. */
export const pageUrl = (): string => (location.protocol === 'about:' ? document.baseURI : location.href);

/** Whole numbers below 2^32. */
export const randomNumbers = (count: number): readonly number[] => [
  ...crypto.getRandomValues(new Uint32Array(count)),
];

/** A version 4 UUID (RFC 9562); on pages without TLS, where browsers make none, as many random bits. */
export const uuid = (): string => (crypto as Partial<Crypto>).randomUUID?.() ?? randomNumbers(5).join('');

/** Milliseconds from some start; never goes back. */
export const monotonicMs = (): number => performance.now();

export const random = (): number => Math.random();

export const request: typeof fetch = (input, init) => fetch(input, init);

/** The text compressed, or undefined where the browser cannot. https://compression.spec.whatwg.org/ */
export async function gzip(text: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (typeof CompressionStream === 'undefined') return undefined;
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Messages between tabs, or undefined where the browser has no BroadcastChannel or refuses it. */
export function openChannel(name: string, onMessage: (message: unknown) => void): Channel | undefined {
  return unlessRefused<Channel>(() => {
    const channel = new BroadcastChannel(name);
    channel.onmessage = (event: MessageEvent<unknown>) => onMessage(event.data);
    return { post: (message) => channel.postMessage(message), close: () => channel.close() };
  });
}

/** Web Locks, or undefined: pages without TLS and Safari before 15.4 have none. */
export function lockManager(): LockManager | undefined {
  return navigator.locks;
}

/** Asks for it and does not wait: other tabs may still be closing theirs. */
export const deleteDatabase = (name: string): void =>
  unlessRefused(() => void indexedDB.deleteDatabase(name));

/** One registry a page, shared by every copy of this package on it. */
export function pageRegistry<T>(name: string): Map<string, T> {
  const page = globalThis as unknown as Record<symbol, Map<string, T> | undefined>;
  return (page[Symbol.for(name)] ??= new Map<string, T>());
}

/** What other scripts of the page tell on `window`. */
export function onPageEvent(type: string, run: (event: Event) => void): () => void {
  window.addEventListener(type, run);
  return () => window.removeEventListener(type, run);
}

/** Whether the browser asks for privacy in the name of its user. https://w3c.github.io/gpc/ */
export const asksForPrivacy = (): boolean =>
  Boolean(inBrowser()) && (navigator as { globalPrivacyControl?: unknown }).globalPrivacyControl === true;

/** The page's own names. */
export const pageGlobal = (): Record<string, unknown> => window as unknown as Record<string, unknown>;

export const warnInConsole = (...text: unknown[]): void => console.warn(...text);
export const printer = (): Console => console;
