/**
 * Maps keys to their holders, in a bounded number of bytes. A key is two 32-bit numbers, the first of them not 0. A
 * holder is the number of a batch.
 */
export interface RecentKeys {
  /**
   * Makes `number` the holder of those keys that have no holder. `keys` contains both numbers of each key, one key
   * after the other. Returns the holder that each key had before: 0 where it had none, or where the first number of the
   * key is 0. Returns `undefined` when no key had a holder.
   */
  take(keys: Uint32Array, number: number): Float64Array | undefined;
  /** Gives the key to `number`, also if it has another holder. Returns false if `number` was its holder already. */
  give(first: number, second: number, number: number): boolean;
  /** Removes the holder of the key, if it is `number`. */
  release(first: number, second: number, number: number): void;
  /** The bytes that the tables take now. */
  bytes(): number;
}

/** A slot is spread over three arrays: 4 bytes and 4 bytes for the key, 8 bytes for the holder. */
const SLOT_BYTES = 16;
/** Enough for a copy with few visitors, in 16 KB with both tables. */
const FIRST_SLOTS = 512;
const FEWEST_SLOTS = 32;
/**
 * The largest part of the slots that are used: above it, looking up a key that is absent, as nearly all are, takes
 * twice as long.
 */
const MOST_FULL = 0.5;

/**
 * Remembers keys for `windowMs` at least and for twice as long at most, as far as `maxBytes` allows: a key takes 32 to
 * 64 bytes.
 *
 * There are two tables of typed arrays: the current one, which is filled, and the previous one. When the current table
 * is full, or `windowMs` old, it becomes the previous table, and the keys of the previous table are dropped all at
 * once. So no key is deleted by itself, and the garbage collector has nothing to trace. The tables use linear probing,
 * with a separate array for each part of a slot: for nearly every key, the first number alone shows that the key is
 * new. Measured for a hundred new keys, with both tables at 8 MB: 9 to 13 µs, 19 to 31 µs with the parts of a slot side
 * by side, 70 to 90 µs with two `Map`s.
 *
 * @param maxBytes of both tables together; less than 1_024 counts as 1_024. While a table grows, half of it is needed
 *   in addition
 * @param windowMs in milliseconds, as the numbers of holders are too: of two numbers, the later one is the larger
 */
export function createRecentKeys(maxBytes: number, windowMs: number): RecentKeys {
  const mostSlots = Math.max(FEWEST_SLOTS, 2 ** Math.floor(Math.log2(maxBytes / 2 / SLOT_BYTES)));
  let current = createTable(Math.min(FIRST_SLOTS, mostSlots), 0);
  let previous: Table | undefined;
  /** The last number that became a holder. */
  let latest = 0;

  function makeRoom(number: number): void {
    const isOld = number - current.since >= windowMs;
    if (!isOld && current.slots < mostSlots) {
      current = grown(current);
      return;
    }
    // Sized for as many keys as the last table had: a busy copy need not grow its table again, and a quiet one frees
    // memory.
    const wanted = 2 ** Math.ceil(Math.log2(current.count / MOST_FULL + 1));
    const slots = Math.min(Math.max(wanted, FIRST_SLOTS), mostSlots);
    const next = previous?.slots === slots ? emptied(previous, number) : createTable(slots, number);
    previous = number - latest < windowMs ? current : undefined;
    current = next;
  }

  /** Adds a key to the current table. `place`: a free slot, which is looked up again if room has to be made first. */
  function add(first: number, second: number, number: number, place: number): void {
    if (current.count >= current.room || number - current.since >= windowMs) {
      makeRoom(number);
      place = ~find(current, first, second);
    }
    put(current, place, first, second, number);
    latest = number;
  }

  function change(place: number, number: number): void {
    current.numbers[place] = number;
    latest = number;
  }

  function takeOne(first: number, second: number, number: number): number {
    const place = find(current, first, second);
    if (place >= 0) {
      const holder = current.numbers[place] ?? 0;
      if (holder === 0) change(place, number);
      return holder;
    }
    if (previous !== undefined) {
      const before = find(previous, first, second);
      const holder = before < 0 ? 0 : (previous.numbers[before] ?? 0);
      if (holder !== 0) return holder;
    }
    add(first, second, number, ~place);
    return 0;
  }

  return {
    take(keys, number) {
      let holders: Float64Array | undefined;
      for (let i = 0; i < keys.length; i += 2) {
        const first = keys[i] ?? 0;
        const holder = first === 0 ? 0 : takeOne(first, keys[i + 1] ?? 0, number);
        if (holder === 0) continue;
        holders ??= new Float64Array(keys.length / 2);
        holders[i / 2] = holder;
      }
      return holders;
    },
    give(first, second, number) {
      const place = find(current, first, second);
      if (place >= 0 && current.numbers[place] === number) return false;
      if (place < 0) add(first, second, number, ~place);
      else change(place, number);
      return true;
    },
    release(first, second, number) {
      for (const table of [current, previous]) {
        const place = table === undefined ? -1 : find(table, first, second);
        // The slot stays in use: a search for another key would stop at an empty one.
        if (table !== undefined && place >= 0 && table.numbers[place] === number) table.numbers[place] = 0;
      }
    },
    bytes: () => (current.slots + (previous?.slots ?? 0)) * SLOT_BYTES,
  };
}

interface Table {
  /** The number of slots: a power of two. */
  readonly slots: number;
  /** The most keys. */
  readonly room: number;
  /** The number of the batch for which the table was created: its time. */
  since: number;
  /** The number of keys. */
  count: number;
  /** The first numbers of the keys. 0: the slot is empty. */
  readonly firsts: Uint32Array;
  /** The second numbers of the keys. */
  readonly seconds: Uint32Array;
  /** The holders. 0: the key has none. */
  readonly numbers: Float64Array;
}

function createTable(slots: number, since: number): Table {
  return {
    slots,
    room: slots * MOST_FULL,
    since,
    count: 0,
    firsts: new Uint32Array(slots),
    seconds: new Uint32Array(slots),
    numbers: new Float64Array(slots),
  };
}

/**
 * Clears a table for use with new keys: new memory costs more. Only `firsts` has to be cleared, since 0 there means an
 * empty slot.
 */
function emptied(table: Table, since: number): Table {
  table.firsts.fill(0);
  table.count = 0;
  table.since = since;
  return table;
}

/** Returns the slot of the key or, if the table does not have it, the complement (negative) of the free slot for it. */
function find({ slots, firsts, seconds }: Table, first: number, second: number): number {
  const mask = slots - 1;
  for (let place = first & mask; ; place = (place + 1) & mask) {
    const there = firsts[place];
    if (there === 0) return ~place;
    if (there === first && seconds[place] === second) return place;
  }
}

function put(table: Table, place: number, first: number, second: number, number: number): void {
  table.firsts[place] = first;
  table.seconds[place] = second;
  table.numbers[place] = number;
  table.count += 1;
}

/** Returns a table of twice the size, without the keys that have no holder any more. */
function grown({ slots, since, firsts, seconds, numbers }: Table): Table {
  const larger = createTable(slots * 2, since);
  for (let place = 0; place < slots; place += 1) {
    const first = firsts[place] ?? 0;
    const second = seconds[place] ?? 0;
    const number = numbers[place] ?? 0;
    if (first !== 0 && number !== 0) put(larger, ~find(larger, first, second), first, second, number);
  }
  return larger;
}
