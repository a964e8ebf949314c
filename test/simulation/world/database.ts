import type { Contents, IdbRequest } from './object-store.ts';
import type { Page } from './page.ts';
import type { DatabaseTurns } from './database-turns.ts';
import { createTransactions, type Transaction } from './transactions.ts';

/**
 * One database and its connections. Opening and deleting happen one after the other; a database is deleted
 * when its last connection has closed.
 */
export interface Database {
  exists(): boolean;
  contents(): Contents;
  open(page: Page): IdbRequest;
  remove(page: Page): IdbRequest;
  /** The visitor deletes the database while pages have it open. */
  clear(): void;
  /** Aborts the transactions that this page has not finished. */
  interrupt(page: Page): void;
  connections(page: Page): number;
  /** Replaces the value that is stored under a key. */
  replace(key: IDBValidKey, value: unknown): void;
}

export interface DatabaseNeeds {
  readonly databaseTurns: DatabaseTurns;
  /** Called when a transaction was committed. */
  onCommit(before: Contents, after: Contents): void;
}

interface Asked {
  readonly kind: 'open' | 'remove';
  readonly page: Page;
  readonly request: IdbRequest;
}

interface Connection {
  readonly page: Page;
  readonly handle: Handle;
  readonly transactions: Set<Transaction>;
  closing: boolean;
}

interface Handle {
  onversionchange: (() => void) | null;
  onclose: (() => void) | null;
}

export function createDatabase({ databaseTurns, onCommit }: DatabaseNeeds): Database {
  const { breaks, failure, next, tell } = databaseTurns;
  const connections = new Set<Connection>();
  const asked: Asked[] = [];
  let exists = false;
  let contents = new Map<IDBValidKey, unknown>();
  let serving = false;
  const transactionQueue = createTransactions({ databaseTurns, contents: () => contents, keep });

  function keep(after: Map<IDBValidKey, unknown>): void {
    const before = contents;
    contents = after;
    onCommit(before, after);
  }

  function ask(kind: Asked['kind'], page: Page): IdbRequest {
    const request: IdbRequest = {};
    if (page.life() === 'gone') return request;
    asked.push({ kind, page, request });
    serve();
    return request;
  }

  function serve(): void {
    const [first] = asked;
    if (!first || serving) return;
    serving = true;
    if (first.kind === 'remove') warn();
    next(() => answer(first));
  }

  /**
   * Asks the other connections to close (`versionchange`). A connection that stays open delays the deletion.
   */
  function warn(): void {
    for (const { page, handle, closing } of connections) {
      // A page in the back/forward cache cannot receive the event, so the browser ends the page.
      if (!page.isActive()) page.die();
      else if (!closing) tell(page, () => handle.onversionchange?.());
    }
  }

  function answer(first: Asked): void {
    serving = false;
    // the deletion waits until the last connection has closed
    if (first.kind === 'remove' && connections.size) return;
    asked.shift();
    const { kind, page, request } = first;
    if (kind === 'remove') {
      empty();
      tell(page, () => request.onsuccess?.());
    } else if (page.life() !== 'gone') {
      if (databaseTurns.condition() === 'refuses' || breaks(0.15)) {
        request.error = failure('UnknownError');
        tell(page, () => request.onerror?.({ preventDefault: () => undefined }));
      } else connect(page, request);
    }
    serve();
  }

  function empty(): void {
    keep(new Map());
    exists = false;
  }

  function connect(page: Page, request: IdbRequest): void {
    const handle: Handle = {
      onversionchange: null,
      onclose: null,
      ...{
        createObjectStore: () => undefined,
        transaction: (_store: string, mode: IDBTransactionMode) => begin(connection, mode),
        close: () => close(connection),
      },
    };
    const connection: Connection = { page, handle, transactions: new Set(), closing: false };
    connections.add(connection);
    page.onDeath(() => sever(connection));
    request.result = handle;
    const isNew = !exists;
    exists = true;
    tell(page, () => {
      if (isNew) request.onupgradeneeded?.();
      request.onsuccess?.();
    });
  }

  function begin(connection: Connection, mode: IDBTransactionMode): IdbRequest {
    const { page, handle, transactions } = connection;
    if (page.life() !== 'gone') {
      if (breaks(0.05) || databaseTurns.condition() === 'refuses') lose(connection);
      if (connection.closing) throw failure('InvalidStateError');
    }
    const transaction = transactionQueue.begin(page, handle, mode, (ended) => {
      transactions.delete(ended);
      if (connection.closing) close(connection);
    });
    if (page.life() !== 'gone') transactions.add(transaction);
    return transaction.events;
  }

  function close(connection: Connection): void {
    connection.closing = true;
    if (connection.transactions.size || !connections.delete(connection)) return;
    serve();
  }

  /**
   * Ends a connection of a page that was stopped: a transaction that is being written may be committed; all
   * others are aborted.
   */
  function sever(connection: Connection): void {
    for (const transaction of connection.transactions) transaction.undo(databaseTurns.happens(0.5));
    close(connection);
  }

  /** Closes a connection as a browser does on its own, at random with or without the `close` event. */
  function lose(connection: Connection): void {
    if (connection.closing) return;
    const { page, handle } = connection;
    sever(connection);
    if (databaseTurns.happens(0.5)) tell(page, () => handle.onclose?.());
  }

  return {
    exists: () => exists,
    contents: () => contents,
    open: (page) => ask('open', page),
    remove: (page) => ask('remove', page),
    clear() {
      for (const connection of connections) {
        for (const transaction of connection.transactions) transaction.undo(true);
        close(connection);
        tell(connection.page, () => connection.handle.onclose?.());
      }
      empty();
    },
    interrupt(page) {
      for (const connection of connections)
        if (connection.page === page)
          for (const transaction of connection.transactions) transaction.undo(false);
    },
    connections: (page) => [...connections].filter((each) => each.page === page).length,
    replace: (key, value) => void contents.set(key, value),
  };
}
