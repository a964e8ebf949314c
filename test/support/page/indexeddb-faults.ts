/** Breaks IndexedDB inside a page, as browsers break it: which operation fails, how, and from which use on. */
import type { BrowserContext, Page } from 'playwright';

/** `commit`: the end of a transaction that may write. */
export type Operation = 'open' | 'transaction' | 'commit' | StoreOperation;
export type StoreOperation = 'get' | 'getAll' | 'getAllKeys' | 'put' | 'delete' | 'clear';

export interface IndexedDbFault {
  readonly on: Operation;
  /**
   * `throw`: at the call. `request`: by the request's error event, which takes its transaction with it. `abort`: all
   * requests succeed, and then the transaction is given up (`commit` only). `hang`: no answer, for ever, of the whole
   * transaction; nothing of it takes place, unless it is the commit that does not answer.
   */
  readonly how: 'throw' | 'request' | 'abort' | 'hang';
  /** The name of the DOMException. */
  readonly error?: string;
  /** From this use on, counted from when the fault was set. @default 1 */
  readonly from?: number;
  /** So often. @default Infinity */
  readonly times?: number;
}

/** On `window` of a page that was prepared. */
export interface BrokenIndexedDb {
  /** What goes wrong from now on, instead of what went wrong until now. */
  set(faults: readonly IndexedDbFault[]): void;
  /** The value under this key cannot be read any more, until it is deleted or written anew. */
  spoil(key: IDBValidKey): void;
  /** Closes every connection of this page without a word, as Safari does when it puts a page to sleep. */
  closeAll(): void;
  /** How often an operation has failed. */
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

/** In a prepared page: what goes wrong from now on. Without faults it is whole again. */
export const setIndexedDbFaults = (page: Page, ...faults: readonly IndexedDbFault[]): Promise<void> =>
  page.evaluate((given) => window.brokenIndexedDb.set(given), faults);

/** Runs in the page: nothing of this module but types may be used in it. */
function prepare(initial: readonly IndexedDbFault[]): void {
  type Handler = ((event: Event) => unknown) | null;
  type StoreMethod = (this: IDBObjectStore, ...args: unknown[]) => IDBRequest<unknown>;

  let active: { readonly fault: IndexedDbFault; uses: number }[] = [];
  let failed = 0;
  const connections = new Set<IDBDatabase>();
  const spoilt = new Set<IDBValidKey>();

  const exception = ({ error = 'UnknownError' }: IndexedDbFault): DOMException =>
    new DOMException('Broken for a test', error);

  /** What happens to this use of the operation. */
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
      // It has ended by itself.
    }
  }

  /** A request that answers what we say. */
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
      return request as unknown as IDBOpenDBRequest; // all that is read of one
    }
    const request = realOpen.apply(this, args);
    request.addEventListener('success', () => connections.add(request.result));
    return request;
  };

  /** Requests of a transaction that will not end well, and have no answer yet. */
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

  /** Will never say anything again. */
  const hung = new WeakSet<IDBTransaction>();
  const silence = (target: IDBTransaction | IDBRequest<unknown>, of: IDBTransaction): void => {
    // The first to listen, so that nobody else hears of it.
    for (const type of ['complete', 'abort', 'success', 'error']) {
      target.addEventListener(type, (event) => hung.has(of) && event.stopImmediatePropagation());
    }
  };

  /** Gives a doomed transaction up when its last request is answered and no other has followed. */
  function follow(store: IDBObjectStore, request: IDBRequest<unknown>): IDBRequest<unknown> {
    silence(request, store.transaction);
    const state = doomed.get(store.transaction);
    if (!state) return request;
    state.waiting++;
    request.addEventListener('success', () => {
      state.waiting--;
      // Answered after all that its own answer brings about.
      realGet.call(store, 'after').addEventListener('success', () => {
        if (!state.waiting) giveUp(store.transaction, exception(state.fault));
      });
    });
    return request;
  }

  function falseRequest(store: IDBObjectStore, fault?: IndexedDbFault): IDBRequest<unknown> {
    const request = new FalseRequest(store);
    if (fault?.how === 'request') {
      // Keeps the transaction open until the request has its answer.
      realGet.call(store, 'before').addEventListener('success', () => request.fail(exception(fault)));
    } else if (fault) {
      hung.add(store.transaction);
      // Nothing of it may take place.
      store.transaction.abort();
    }
    return request as unknown as IDBRequest<unknown>;
  }

  /** Reads like the browser, unless one of the values that are asked for is spoilt. */
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
