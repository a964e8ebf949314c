import type { Clock, TextStore } from '../browser.ts';
import { utf8 } from '../../protocol/wire.ts';

/** The facts about one message that this browser stores. Times are milliseconds since the epoch, 0: never. */
export interface MessageRecord {
  /** The number of displays. */
  readonly shownCount: number;
  /** The time of the last display. */
  readonly shownAtMs: number;
  /** Whether the message is done: it is never shown again. */
  readonly isSeen: boolean;
  /** Whether the visitor has closed the broadcast. */
  readonly isDismissed: boolean;
  readonly snoozedUntilMs: number;
  /** Until when a tab may be loading the message: the other tabs do not show it. */
  readonly loadingUntilMs: number;
}

/** The records of one person's messages. */
export interface MessageState {
  /** Returns the record as it is stored now, so that changes of other tabs count. */
  get(queueId: string): MessageRecord;
  update(queueId: string, change: Partial<MessageRecord>): void;
  /**
   * Deletes everything of this person; later updates have no effect. Of the guest stays how often each broadcast was shown, and
   * whether it was closed, because a broadcast with a limit has that limit in a browser.
   */
  forget(): void;
}

export interface MessageStateNeeds {
  readonly local: TextStore;
  /** The prefix of all keys. */
  readonly scope: string;
  readonly clock: Pick<Clock, 'now'>;
  /** `crypto.subtle`. Undefined on pages without TLS: the records are then in memory only. */
  readonly subtle: SubtleCrypto | undefined;
  /** Returns so many random whole numbers below 2^32. */
  randomNumbers(count: number): readonly number[];
  /** Whether the visitor still consents: otherwise nothing is stored. */
  mayWrite(): boolean;
}

/** A record as it is stored: the time of the last change, the numbers, 1 and 2 for the two flags. */
type Row = readonly [
  changedAtMs: number,
  shownCount: number,
  shownAtMs: number,
  flags: number,
  snoozedUntilMs: number,
  loadingUntilMs: number,
];
type Rows = Readonly<Record<string, Row>>;

/** Each row has about 60 characters, so that a person has 12 kB at most. */
const MOST_ROWS = 200;
/** The records of the person who was here last, and of four more persons who share the browser. */
const MOST_PERSONS = 5;
const EMPTY_ROW: Row = [0, 0, 0, 0, 0, 0];

/**
 * A hash of an id, so that no id of a message is in the storage in clear. The hash is not a secret one: ids of a queue
 * cannot be guessed, and those of broadcasts are the same for everybody.
 */
function hashOf(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995) ^ (high >>> 13);
  }
  return (low >>> 0).toString(36) + (high >>> 0).toString(36);
}

const isRow = (value: unknown): value is Row =>
  Array.isArray(value) && value.length > 5 && value.every((field) => Number.isFinite(field));

/** Returns the rows of a stored text. Whatever is malformed is left out. */
function readRows(text: string | null): Rows {
  try {
    const stored: unknown = JSON.parse(text ?? '{}');
    return Object.fromEntries(Object.entries(stored ?? {}).filter(([, row]) => isRow(row)));
  } catch {
    return {};
  }
}

function recordOf([, shownCount, shownAtMs, flags, snoozedUntilMs, loadingUntilMs]: Row): MessageRecord {
  const isSeen = (flags & 1) > 0;
  const isDismissed = (flags & 2) > 0;
  return { shownCount, shownAtMs, isSeen, isDismissed, snoozedUntilMs, loadingUntilMs };
}

function rowOf(record: MessageRecord, nowMs: number): Row {
  const { shownCount, shownAtMs, isSeen, isDismissed, snoozedUntilMs, loadingUntilMs } = record;
  const flags = Number(isSeen) + 2 * Number(isDismissed);
  return [nowMs, shownCount, shownAtMs, flags, snoozedUntilMs, loadingUntilMs];
}

/** Returns the rows that were changed last. */
const newest = (rows: Rows): Rows =>
  Object.fromEntries(
    Object.entries(rows)
      .sort(([, [one]], [, [other]]) => other - one)
      .slice(0, MOST_ROWS),
  );

/** Returns the counts of the broadcasts alone, without snoozes. Only messages of a queue are ever seen. */
const broadcastCounts = (rows: Rows): Rows =>
  Object.fromEntries(
    Object.entries(rows)
      .filter(([, [, shownCount, , flags]]) => !(flags & 1) && (shownCount || flags))
      .map(([id, [changedAtMs, shownCount, shownAtMs, flags]]) => [
        id,
        [changedAtMs, shownCount, shownAtMs, flags, 0, 0] as const,
      ]),
  );

/**
 * Makes the function that opens the records of a person, or of the guest (`undefined`). They are in localStorage, one text for each
 * person, under a key that names nobody: HMAC-SHA256 of the person by a random key of this browser. Where the storage is refused or
 * full, they are in memory, until this page ends.
 */
export function createMessageStates(
  needs: MessageStateNeeds,
): (person: string | undefined) => Promise<MessageState> {
  const { local, scope, clock, subtle, mayWrite } = needs;
  const prefix = `${scope}:messages:`;
  /** For each person, the rows that could not be stored. */
  const unsaved = new Map<string | undefined, Rows>();

  /** Returns the random key, in hexadecimal digits. Undefined: it cannot be stored, so that the next page would have another one. */
  function browserKey(): string | undefined {
    const name = `${scope}:messages-key`;
    const stored = local.get(name);
    if (stored || !mayWrite()) return stored ?? undefined;
    const key = needs
      .randomNumbers(8)
      .map((number) => number.toString(16).padStart(8, '0'))
      .join('');
    return local.set(name, key) ? key : undefined;
  }

  async function personKey(person: string): Promise<string | undefined> {
    const secret = subtle && browserKey();
    if (!secret) return undefined;
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(utf8.encode(text));
    const key = await subtle.importKey('raw', bytes(secret), algorithm, false, ['sign']);
    const hash = new Uint8Array(await subtle.sign('HMAC', key, bytes(person)));
    return prefix + Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  /** Deletes the records of the persons who have not used this browser for the longest time. */
  function limitPersons(own: string, guest: string): void {
    const lastChange = (name: string): number =>
      Math.max(0, ...Object.values(readRows(local.get(name))).map(([changedAtMs]) => changedAtMs));
    local
      .keys()
      .filter((name) => name.startsWith(prefix) && name !== own && name !== guest)
      .map((name) => [name, lastChange(name)] as const)
      .sort(([, one], [, other]) => other - one)
      .slice(MOST_PERSONS - 1)
      .forEach(([name]) => local.remove(name));
  }

  return async (person) => {
    const guest = `${prefix}guest`;
    const name = person === undefined ? guest : await personKey(person).catch(() => undefined);
    if (name) limitPersons(name, guest);
    let isForgotten = false;
    let lastText: string | null = null;
    let lastRows: Rows = {};

    function rows(): Rows {
      const text = name ? local.get(name) : null;
      if (text !== lastText) {
        lastText = text;
        lastRows = readRows(text);
      }
      const merged: Record<string, Row> = { ...lastRows };
      // Another tab may have stored a later change of the same message.
      for (const [id, row] of Object.entries(unsaved.get(person) ?? {}))
        if (row[0] >= (merged[id]?.[0] ?? 0)) merged[id] = row;
      return merged;
    }

    function write(changed: Rows): void {
      const kept = newest(changed);
      if (name && mayWrite() && local.set(name, JSON.stringify(kept))) unsaved.delete(person);
      else unsaved.set(person, kept);
    }

    const get = (queueId: string): MessageRecord => recordOf(rows()[hashOf(queueId)] ?? EMPTY_ROW);
    return {
      get,
      update(queueId, change) {
        if (isForgotten) return;
        const row = rowOf(Object.assign({}, get(queueId), change), clock.now());
        write({ ...rows(), [hashOf(queueId)]: row });
      },
      forget() {
        const counts = person === undefined ? broadcastCounts(rows()) : undefined;
        unsaved.delete(person);
        // Removed in any case: where the storage is full, the counts stay in memory.
        if (name) local.remove(name);
        if (counts) write(counts);
        else isForgotten = true;
      },
    };
  };
}
