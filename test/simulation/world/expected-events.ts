import { isDeepStrictEqual } from 'node:util';
import type { Receipt } from '../../../src/sdk/api.ts';
import type { DropReason } from '../../../src/sdk/events.ts';
import type { WireEvent } from '../../../src/protocol/wire.ts';

/** The content that an event must have when it arrives. All of it is known at the call. */
export interface Expected {
  readonly type: string;
  readonly event: string | null;
  /** undefined: the test does not know the value, because the call waited for consent. */
  readonly userId: string | null | undefined;
  readonly anonymousId: string | undefined;
  readonly groupId: string | null;
  readonly timestamp: string;
  readonly path: string;
  /** Properties or traits; undefined where they are not known. */
  readonly given: unknown;
}

/** One call of the SDK, and all that was reported for it. */
export interface Call {
  readonly n: number;
  readonly page: string;
  readonly atMs: number;
  readonly expected: Expected;
  id?: string;
  receipt?: Receipt;
  /** In the order of first arrivals at the proxy. */
  arrived?: number;
  toldDelivered?: boolean;
  /** The event was in a lifeboat when its page left. */
  saved?: boolean;
  /** The page came back from the back/forward cache, and still holds the event. */
  cameBack?: boolean;
  /** The application has closed the instance that was called. */
  closed?: boolean;
}

/** The record of the whole world, outside of the browser: the calls, the events that arrived, and the writes of the disk. */
export interface ExpectedEvents {
  readonly calls: readonly Call[];
  make(page: string, atMs: number, expected: Expected): Call;
  answer(call: Call, receipt: Receipt): void;
  /** Notes that the proxy has accepted the events of this batch, and compares each with its call. */
  arrive(batch: readonly WireEvent[]): void;
  call(id: string): Call | undefined;
  /** Returns the call that made this event. */
  identify(event: { readonly id: string; readonly json: string }): Call;
  /** Every event that the proxy has taken, by id: the text of its first arrival. */
  readonly taken: ReadonlyMap<string, string>;
  /** Ids that were written to IndexedDB at any time. */
  readonly written: Set<string>;
  /** The number of writes of events that had been written before. */
  writtenTwice: number;
  /** Ids of events that were removed from IndexedDB and counted as dropped. */
  readonly droppedOnDisk: Set<string>;
  /** Ids that the visitor has deleted, or whose consent was withdrawn. */
  readonly deleted: Set<string>;
  /** The `dropped` events that pages have emitted, by id. */
  readonly toldDropped: Map<string, { readonly reason: DropReason; readonly atMs: number }>;
}

export function createExpectedEvents(): ExpectedEvents {
  const calls: Call[] = [];
  const byId = new Map<string, Call>();
  const taken = new Map<string, string>();
  const written = new Set<string>();
  let arrivals = 0;

  function know(id: string, n: unknown): Call {
    const call = calls[Number(n)];
    if (!call) throw new Error(`Nobody has called for ${id}`);
    if (call.id !== undefined && call.id !== id) throw new Error(`Call ${call.n} is ${call.id} and ${id}`);
    call.id = id;
    byId.set(id, call);
    return call;
  }

  function take(event: WireEvent): void {
    const { messageId, context } = event;
    const text = JSON.stringify(event);
    const before = taken.get(messageId);
    if (before !== undefined) {
      if (before !== text)
        throw new Error(`${messageId} is another one when it is repeated:\n${before}\n${text}`);
      return;
    }
    taken.set(messageId, text);
    const call = know(messageId, context['n']);
    call.arrived = arrivals++;
    expectSame(call, event);
  }

  return {
    calls,
    make(page, atMs, expected) {
      const call: Call = { n: calls.length, page, atMs, expected };
      calls.push(call);
      return call;
    },
    arrive: (batch) => batch.forEach(take),
    call: (id) => byId.get(id),
    identify: ({ id, json }) => know(id, (JSON.parse(json) as WireEvent).context['n']),
    answer(call, receipt) {
      know(receipt.id, call.n);
      call.receipt = receipt;
      if (receipt.state === 'stored' && !written.has(receipt.id))
        throw new Error(`${receipt.id} was never written, and its receipt says stored`);
    },
    taken,
    written,
    writtenTwice: 0,
    droppedOnDisk: new Set(),
    deleted: new Set(),
    toldDropped: new Map(),
  };
}

function expectSame({ n, expected }: Call, event: WireEvent): void {
  const { userId, anonymousId } = expected;
  const page = event.context['page'] as { readonly path?: string } | undefined;
  const came: Expected = {
    type: event.type,
    event: event.event ?? null,
    userId: userId === undefined ? undefined : (event.userId ?? null),
    anonymousId: anonymousId === undefined ? undefined : event.anonymousId,
    groupId: event.groupId ?? null,
    timestamp: event.timestamp,
    path: page?.path ?? '',
    given: expected.given === undefined ? undefined : (event.properties ?? event.traits),
  };
  if (isDeepStrictEqual(came, expected)) return;
  throw new Error(
    `Call ${n} arrived as another event:\n${JSON.stringify(came)}\nand was\n${JSON.stringify(expected)}`,
  );
}
