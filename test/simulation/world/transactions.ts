import { type Contents, type Draft, type IdbRequest, objectStore } from './object-store.ts';
import type { Page } from './page.ts';
import type { DatabaseTurns } from './database-turns.ts';

/**
 * The transactions of one database: they run one after the other, commit when no more requests are made, and
 * are stored completely or not at all.
 */
export interface Transactions {
  /** @param ended is called when the transaction has committed or was aborted */
  begin(page: Page, db: unknown, mode: IDBTransactionMode, ended: (which: Transaction) => void): Transaction;
}

export interface Transaction {
  /** The transaction's object in the page, with its event handlers. */
  readonly events: IdbRequest;
  /** Aborts the transaction, unless it is already being written; `late`: also then. */
  undo(late: boolean): void;
}

export interface TransactionsNeeds {
  readonly databaseTurns: DatabaseTurns;
  contents(): Contents;
  keep(after: Draft): void;
}

type State = 'waiting' | 'running' | 'committing' | 'over';

interface Turn {
  start(): void;
  isOver(): boolean;
}

const nothingToPrevent = { preventDefault: (): void => undefined };

export function createTransactions({ databaseTurns, contents, keep }: TransactionsNeeds): Transactions {
  const { breaks, failure, next, tell } = databaseTurns;
  const waiting: Turn[] = [];
  let running: Turn | undefined;

  function take(): void {
    if (running) return;
    const turn = waiting.shift();
    if (turn?.isOver()) return take();
    running = turn;
    turn?.start();
  }

  return {
    begin(page, db, mode, ended) {
      const asked: { readonly request: IdbRequest; readonly perform: (draft: Draft) => unknown }[] = [];
      const events: IdbRequest = {};
      let state: State = 'waiting';
      let draft: Draft = new Map();

      const isActive = (): boolean => state === 'waiting' || state === 'running';
      const turn: Turn = {
        isOver: () => state === 'over',
        start() {
          state = 'running';
          draft = new Map(contents());
          proceed();
        },
      };

      /**
       * Runs one request after the other. Each result is delivered in a task of the page, which may then make
       * more requests.
       */
      function proceed(): void {
        if (state !== 'running') return;
        const first = asked.shift();
        if (!first) {
          state = 'committing';
          next(commit);
          return;
        }
        const { request, perform } = first;
        try {
          if (breaks(0.04)) throw failure('UnknownError');
          request.result = perform(draft);
        } catch (cause) {
          fail(request, cause);
          return;
        }
        tell(page, () => {
          request.onsuccess?.();
          next(proceed);
        });
      }

      /** A failed request aborts the transaction, unless the page prevents that. */
      function fail(request: IdbRequest, cause: unknown): void {
        request.error = cause;
        tell(page, () => {
          let isTheEnd = true;
          request.onerror?.({ preventDefault: () => (isTheEnd = false) });
          if (isTheEnd) abort(failure('AbortError'));
          else next(proceed);
        });
      }

      function commit(): void {
        if (state !== 'committing') return;
        const writes = mode === 'readwrite';
        if (writes && databaseTurns.condition() === 'full' && draft.size > contents().size)
          return abort(failure('QuotaExceededError'));
        if (breaks(0.05)) return abort(failure('UnknownError'));
        if (writes) keep(draft);
        end();
        tell(page, () => {
          if (!breaks(0.08)) return events.oncomplete?.();
          events.error = failure('UnknownError');
          events.onabort?.();
        });
      }

      function abort(cause: unknown): void {
        if (state === 'over') return;
        const unanswered = asked.splice(0);
        end();
        tell(page, () => {
          for (const { request } of unanswered) {
            request.error = cause;
            request.onerror?.(nothingToPrevent);
          }
          events.error = cause;
          events.onabort?.();
        });
      }

      function end(): void {
        state = 'over';
        ended(transaction);
        if (running !== turn) return;
        running = undefined;
        next(take);
      }

      function ask(perform: (draft: Draft) => unknown): IdbRequest {
        if (!isActive()) throw failure('TransactionInactiveError');
        const request: IdbRequest = {};
        asked.push({ request, perform });
        return request;
      }

      function askToWrite(perform: (draft: Draft) => unknown): IdbRequest {
        if (mode !== 'readwrite') throw failure('ReadOnlyError');
        return ask(perform);
      }

      const transaction: Transaction = {
        events,
        undo(late) {
          if (late || state !== 'committing') abort(failure('AbortError'));
        },
      };
      Object.assign(events, {
        db,
        objectStore: () => objectStore(events, ask, askToWrite),
        abort() {
          if (!isActive()) throw failure('InvalidStateError');
          abort(failure('AbortError'));
        },
      });
      // A page that has ended gets a transaction that does nothing.
      if (page.life() === 'gone') return transaction;
      waiting.push(turn);
      if (!running) next(take);
      return transaction;
    },
  };
}
