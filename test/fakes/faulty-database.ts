import { IDBObjectStore } from 'fake-indexeddb';
import { onTestFinished, vi } from 'vitest';

/** Makes the browser's own IndexedDB fail on demand, for one test. */
export interface FaultyDatabase {
  /**
   * Lets the next `after` requests succeed, and makes the `count` requests after those throw. Their
   * transactions store nothing.
   */
  refuse(after: number, count: number): void;
  /** Whether a request was made to fail since the last `refuse`. */
  refused(): boolean;
  /** Makes the value under this key unreadable until the key is deleted or `heal` is called. */
  spoil(key: IDBValidKey): void;
  heal(): void;
  /**
   * Delays the `success` event of every database that is opened from now on, until the returned function is
   * called.
   */
  holdOpen(): () => void;
}

type Any = (...args: readonly unknown[]) => IDBRequest;

export function faultyDatabase(): FaultyDatabase {
  let left = Infinity;
  let count = 0;
  let isRefused = false;
  const spoilt = new Set<IDBValidKey>();

  /**
   * Makes a request that ends with an error event. The handler may prevent the transaction from being
   * aborted.
   */
  function unreadable(real: IDBRequest): IDBRequest {
    const fake = { error: new DOMException('The disk cannot be read', 'UnknownError') } as {
      onerror?: (event: object) => void;
    };
    real.addEventListener('success', () => fake.onerror?.({ preventDefault: () => undefined }));
    return fake as unknown as IDBRequest;
  }

  for (const method of ['get', 'getAll', 'getAllKeys', 'count', 'put', 'add', 'delete', 'clear'] as const) {
    const real = IDBObjectStore.prototype[method] as Any;
    const spy = vi.spyOn(IDBObjectStore.prototype, method).mockImplementation(function (
      this: IDBObjectStore,
      ...args: readonly unknown[]
    ) {
      if (left-- <= 0 && count-- > 0) {
        isRefused = true;
        throw new DOMException('The handle has died', 'InvalidStateError');
      }
      const request = Reflect.apply(real, this, args);
      const [key] = args as readonly [IDBValidKey?];
      if (method === 'delete' && key !== undefined) spoilt.delete(key);
      const isSpoilt =
        method === 'getAll' ? spoilt.size > 0 : method === 'get' && key !== undefined && spoilt.has(key);
      return isSpoilt ? unreadable(request) : request;
    } as never); // the cast stands for eight methods, each with arguments of its own
    onTestFinished(() => spy.mockRestore());
  }

  return {
    refuse(after, times) {
      left = after;
      count = times;
      isRefused = false;
    },
    refused: () => isRefused,
    spoil: (key) => void spoilt.add(key),
    heal() {
      spoilt.clear();
      left = Infinity;
    },
    holdOpen() {
      const { indexedDB } = globalThis;
      const late: (() => void)[] = [];
      globalThis.indexedDB = {
        open(name: string) {
          const real = indexedDB.open(name);
          const shown = {
            get result() {
              return real.result;
            },
          } as { readonly result: IDBDatabase; onupgradeneeded?: () => void; onsuccess?: () => void };
          real.onupgradeneeded = () => shown.onupgradeneeded?.();
          real.onsuccess = () => void late.push(() => shown.onsuccess?.());
          return shown;
        },
      } as unknown as IDBFactory;
      return () => {
        globalThis.indexedDB = indexedDB;
        for (const go of late) go();
      };
    },
  };
}
