/**
 * Makes IndexedDB fail inside a page in the ways in which browsers fail: which operation fails, how, and from
 * which use on.
 */
import type { BrowserContext, Page } from 'playwright';

/** `commit`: the end of a transaction that may write. */
export type Operation = 'open' | 'transaction' | 'commit' | StoreOperation;
export type StoreOperation = 'get' | 'getAll' | 'getAllKeys' | 'put' | 'delete' | 'clear';

export interface IndexedDbFault {
  readonly on: Operation;
  /**
   * `throw`: the call throws. `request`: the request gets an error event, which aborts its transaction.
   * `abort`: all requests succeed, and then the transaction is aborted (`commit` only). `hang`: the whole
   * transaction never responds; nothing of it is stored, unless the operation is `commit`.
   */
  readonly how: 'throw' | 'request' | 'abort' | 'hang';
  /** The name of the DOMException. */
  readonly error?: string;
  /** The first use that fails, counted from when the fault was set. @default 1 */
  readonly from?: number;
  /** How many uses fail. @default Infinity */
  readonly times?: number;
}

/** The interface on `window` of a prepared page. */
export interface BrokenIndexedDb {
  /** Sets the faults from now on, and removes those before. */
  set(faults: readonly IndexedDbFault[]): void;
  /** Makes the value under this key unreadable until the key is deleted or written again. */
  spoil(key: IDBValidKey): void;
  /** Closes every connection of this page without an event, as Safari does when it suspends a page. */
  closeAll(): void;
  /** The number of operations that have failed. */
  failures(): number;
}

declare global {
  interface Window {
    brokenIndexedDb: BrokenIndexedDb;
  }
}

/** Prepares all pages that open from now on; they begin with these faults. */
export const breakIndexedDb = (
  on: BrowserContext | Page,
  ...faults: readonly IndexedDbFault[]
): Promise<unknown> => on.addInitScript(prepare, faults);

/** Sets the faults of a prepared page from now on. Without arguments, IndexedDB works again. */
export const setIndexedDbFaults = (page: Page, ...faults: readonly IndexedDbFault[]): Promise<void> =>
  page.evaluate((given) => window.brokenIndexedDb.set(given), faults);

/** This function runs in the page: it may use only types of this module. */
function prepare(initial: readonly IndexedDbFault[]): void {
  type Handler = ((event: Event) => unknown) | null;
  type StoreMethod = (this: IDBObjectStore, ...args: unknown[]) => IDBRequest<unknown>;

  let active: { readonly fault: IndexedDbFault; uses: number }[] = [];
  let failed = 0;
  const connections = new Set<IDBDatabase>();
  const spoilt = new Set<IDBValidKey>();

  const exception = ({ error = 'UnknownError' }: IndexedDbFault): DOMException =>
    new DOMException('Broken for a test', error);

  /** Counts this use of the operation, and returns the fault that applies to it. */
  function meet(operation: Operation): IndexedDbFault | undefined {
    let met: IndexedDbFault | undefined;
    for (const entry of active) {
      const { on, from = 1, times = Infinity } = entry.fault;
      if (on !== operation) continue;
      entry.uses++;
      if (entry.uses >= from && entry.uses < from + times) met ??= entry.fault;
    }
    if (met) failed++;
    return met;
  }

  function giveUp(transaction: IDBTransaction, error: DOMException): void {
    Object.defineProperty(transaction, 'error', { configurable: true, value: error });
    try {
      transaction.abort();
    } catch {
      // The transaction has ended already.
    }
  }

  /** A request whose result this module decides. */
  class FalseRequest extends EventTarget {
    readyState: IDBRequestReadyState = 'pending';
    result: unknown;
    error: DOMException | null = null;
    onsuccess: Handler = null;
    onerror: Handler = null;
    readonly source: IDBObjectStore | null;
    readonly transaction: IDBTransaction | null;

    constructor(source: IDBObjectStore | null) {
      super();
      this.source = source;
      this.transaction = source?.transaction ?? null;
    }

    succeed(result: unknown): void {
      this.result = result;
      this.tell(new Event('success'));
    }

    fail(error: DOMException): void {
      this.error = error;
      const event = new Event('error', { cancelable: true });
      this.tell(event);
      if (!event.defaultPrevented && this.transaction) giveUp(this.transaction, error);
    }

    private tell(event: Event): void {
      this.readyState = 'done';
      this.dispatchEvent(event);
      (event.type === 'error' ? this.onerror : this.onsuccess)?.call(this, event);
    }
  }

  const realOpen = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function open(this: IDBFactory, ...args: [name: string, version?: number]) {
    const fault = meet('open');
    if (fault?.how === 'throw') throw exception(fault);
    if (fault) {
      const request = new FalseRequest(null);
      if (fault.how === 'request') setTimeout(() => request.fail(exception(fault)));
      // the cast: the SDK reads nothing else of an open request
      return request as unknown as IDBOpenDBRequest;
    }
    const request = realOpen.apply(this, args);
    request.addEventListener('success', () => connections.add(request.result));
    return request;
  };

  /**
   * Transactions that this module will abort, with the number of their requests that have no response yet.
   */
  const doomed = new WeakMap<IDBTransaction, { readonly fault: IndexedDbFault; waiting: number }>();

  const realTransaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function transaction(
    this: IDBDatabase,
    ...args: Parameters<IDBDatabase['transaction']>
  ) {
    const fault = meet('transaction');
    if (fault) throw exception(fault);
    const made = realTransaction.apply(this, args);
    silence(made, made);
    const end = args[1] === 'readwrite' ? meet('commit') : undefined;
    if (end?.how === 'hang') made.addEventListener('complete', (event) => event.stopImmediatePropagation());
    else if (end) doomed.set(made, { fault: end, waiting: 0 });
    return made;
  };

  const stores = IDBObjectStore.prototype as unknown as Record<StoreOperation, StoreMethod>;
  const realGet = stores.get;
  const realKeys = stores.getAllKeys;

  /** Transactions that emit no event any more. */
  const hung = new WeakSet<IDBTransaction>();
  const silence = (target: IDBTransaction | IDBRequest<unknown>, of: IDBTransaction): void => {
    // These listeners are added first, so stopping the event here keeps all other listeners from receiving
    // it.
    for (const type of ['complete', 'abort', 'success', 'error']) {
      target.addEventListener(type, (event) => hung.has(of) && event.stopImmediatePropagation());
    }
  };

  /** Aborts a doomed transaction when its last request has its response and no other request has followed. */
  function follow(store: IDBObjectStore, request: IDBRequest<unknown>): IDBRequest<unknown> {
    silence(request, store.transaction);
    const state = doomed.get(store.transaction);
    if (!state) return request;
    state.waiting++;
    request.addEventListener('success', () => {
      state.waiting--;
      // This request is answered after all requests that the listeners of the first one make.
      realGet.call(store, 'after').addEventListener('success', () => {
        if (!state.waiting) giveUp(store.transaction, exception(state.fault));
      });
    });
    return request;
  }

  function falseRequest(store: IDBObjectStore, fault?: IndexedDbFault): IDBRequest<unknown> {
    const request = new FalseRequest(store);
    if (fault?.how === 'request') {
      // A real request keeps the transaction open until the false request has its response.
      realGet.call(store, 'before').addEventListener('success', () => request.fail(exception(fault)));
    } else if (fault) {
      hung.add(store.transaction);
      // Nothing of this transaction may be stored.
      store.transaction.abort();
    }
    return request as unknown as IDBRequest<unknown>;
  }

  /** Reads as the browser does, unless one of the values is unreadable. */
  function readSpoilt(store: IDBObjectStore, real: StoreMethod, args: unknown[]): IDBRequest<unknown> {
    const request = new FalseRequest(store);
    const keys = realKeys.apply(store, args);
    keys.addEventListener('success', () => {
      if ((keys.result as IDBValidKey[]).some((key) => spoilt.has(key))) {
        failed++;
        return request.fail(new DOMException('Failed to read large IndexedDB value', 'UnknownError'));
      }
      const answer = real.apply(store, args);
      answer.addEventListener('success', () => request.succeed(answer.result));
    });
    return request as unknown as IDBRequest<unknown>;
  }

  const operations: readonly StoreOperation[] = ['get', 'getAll', 'getAllKeys', 'put', 'delete', 'clear'];
  for (const operation of operations) {
    const real = stores[operation];
    stores[operation] = function broken(this: IDBObjectStore, ...args: unknown[]) {
      if (hung.has(this.transaction)) return falseRequest(this);
      const fault = meet(operation);
      if (fault?.how === 'throw') throw exception(fault);
      if (fault) return falseRequest(this, fault);
      if (spoilt.size && (operation === 'get' || operation === 'getAll')) return readSpoilt(this, real, args);
      if (operation === 'put' || operation === 'delete') {
        const key = args[operation === 'put' ? 1 : 0] as IDBValidKey;
        this.transaction.addEventListener('complete', () => spoilt.delete(key));
      }
      return follow(this, real.apply(this, args));
    };
  }

  window.brokenIndexedDb = {
    set(faults) {
      active = faults.map((fault) => ({ fault, uses: 0 }));
    },
    spoil: (key) => void spoilt.add(key),
    closeAll() {
      for (const connection of connections) connection.close();
    },
    failures: () => failed,
  };
  window.brokenIndexedDb.set(initial);
}
