/**
 * Records each access to the browser's storage and network functions, starting before any script of the page
 * runs.
 */
import type { Page } from 'playwright';

declare global {
  interface Window {
    accesses: string[];
  }
}

/** This function runs in the page, so it uses nothing of this module. */
function instrument(): void {
  const accesses: string[] = (window.accesses = []);
  type Methods = Record<string, (...given: unknown[]) => unknown>;

  const method = (owner: object, name: string, label: string): void => {
    const methods = owner as Methods;
    const original = methods[name];
    if (!original) throw new Error(`This browser has no ${label}.${name}`);
    methods[name] = function (this: unknown, ...given) {
      accesses.push(`${label}.${name}`);
      return original.apply(this, given);
    };
  };
  const methods = (owner: object, label: string, ...names: readonly string[]): void => {
    for (const name of names) method(owner, name, label);
  };
  const constructor = (name: string): void => {
    const page = window as unknown as Record<string, new (...given: unknown[]) => object>;
    const Original = page[name];
    if (!Original) throw new Error(`This browser has no ${name}`);
    page[name] = new Proxy(Original, {
      construct(target, given) {
        accesses.push(`new ${name}`);
        return new target(...(given as unknown[]));
      },
    });
  };

  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  Object.defineProperty(Document.prototype, 'cookie', {
    configurable: true,
    get() {
      accesses.push('read of document.cookie');
      return cookie?.get?.call(this) as string;
    },
    set(value) {
      accesses.push('write of document.cookie');
      cookie?.set?.call(this, value);
    },
  });
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches'] as const) {
    const found = Object.getOwnPropertyDescriptor(window, name);
    Object.defineProperty(window, name, {
      configurable: true,
      get() {
        accesses.push(name);
        return found?.get?.call(window) as unknown;
      },
    });
  }
  methods(Storage.prototype, 'Storage', 'setItem', 'removeItem', 'clear');
  methods(IDBFactory.prototype, 'IDBFactory', 'open', 'deleteDatabase');
  methods(IDBObjectStore.prototype, 'IDBObjectStore', 'put', 'add');
  methods(LockManager.prototype, 'LockManager', 'request', 'query');
  methods(XMLHttpRequest.prototype, 'XMLHttpRequest', 'open');
  methods(Navigator.prototype, 'Navigator', 'sendBeacon');
  methods(window, 'window', 'fetch');
  for (const name of ['BroadcastChannel', 'Worker', 'SharedWorker', 'WebSocket', 'EventSource', 'Image'])
    constructor(name);
}

export const watchAccesses = (page: Page): Promise<unknown> => page.addInitScript(instrument);

/** Returns the accesses since the last call. */
export const takeAccesses = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => window.accesses.splice(0));
