/** Who has which key, in a bounded number of bytes. A key is two numbers of 32 bits, the first of them not 0. */
export interface RecentKeys {
  /**
   * Takes those of the keys, one behind the other, that nobody has. Answers who had each of them: the number that came with
   * it; 0 where it was nobody, so that from now on `number` has it, or where the first number of the key is 0. `undefined`:
   * nobody had any of them.
   */
  take(keys: Uint32Array, number: number): Float64Array | undefined;
  /** Gives the key to `number`, whoever has it. Answers whether it had it not yet. */
  give(first: number, second: number, number: number): boolean;
  /** Takes the key from `number`; from nobody else. */
  release(first: number, second: number, number: number): void;
  /** How many bytes there are now. */
  bytes(): number;
}

/** In three arrays: 4 bytes and 4 for the key, 8 for the number. */
const SLOT_BYTES = 16;
/** A copy with few visitors needs no more than 16 KB. */
const FIRST_SLOTS = 512;
const FEWEST_SLOTS = 32;
/** Beyond a half, looking for what is not there, as nearly all of it is, takes twice as long. */
const MOST_FULL = 0.5;

/**
 * Keys of the last `windowMs` at least, and of twice as long at most, as far as `maxBytes` goes: so a key takes 32 to 64 bytes.
 *
 * Two tables of typed arrays: one that is filled, and the one before. When the first is full, or `windowMs` old, it becomes
 * the one before, and what that held is forgotten, all at once: nothing is ever deleted one by one, and a collector of
 * garbage has nothing to follow. Linear probing, with each part of a slot in an array of its own, since the first numbers
 * alone say of nearly every key that it is new. Measured for a hundred new keys, with both tables at 8 MB: 9 to 13 µs so, 19
 * to 31 with the parts of a slot side by side, 70 to 90 with two `Map`s.
 *
 * @param maxBytes of both tables together; less than 1_024 counts as that. While a table grows there is half of it more
 * @param windowMs numbers are times too, in milliseconds: of two, the later one is the larger
 */
export function createRecentKeys(maxBytes: number, windowMs: number): RecentKeys {
  const mostSlots = Math.max(FEWEST_SLOTS, 2 ** Math.floor(Math.log2(maxBytes / 2 / SLOT_BYTES)));
  let current = createTable(Math.min(FIRST_SLOTS, mostSlots), 0);
  let previous: Table | undefined;
  /** The last number that got a key. */
  let latest = 0;

  function makeRoom(number: number): void {
    const isOld = number - current.since >= windowMs;
    if (!isOld && current.slots < mostSlots) {
      current = grown(current);
      return;
    }
    // For as many as the last time: a busy copy need not grow again, and a quiet one gives its memory back.
    const wanted = 2 ** Math.ceil(Math.log2(current.count / MOST_FULL + 1));
    const slots = Math.min(Math.max(wanted, FIRST_SLOTS), mostSlots);
    const next = previous?.slots === slots ? emptied(previous, number) : createTable(slots, number);
    previous = number - latest < windowMs ? current : undefined;
    current = next;
  }

  /** `place`: one that is free, as long as nothing has to be made room for. */
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
        // The slot stays: whoever looks for another key would stop at an empty one.
        if (table !== undefined && place >= 0 && table.numbers[place] === number) table.numbers[place] = 0;
      }
    },
    bytes: () => (current.slots + (previous?.slots ?? 0)) * SLOT_BYTES,
  };
}

interface Table {
  /** A power of two. */
  readonly slots: number;
  /** How many keys it may have. */
  readonly room: number;
  /** The number for which it was made. */
  since: number;
  count: number;
  /** 0: the slot is empty. */
  readonly firsts: Uint32Array;
  readonly seconds: Uint32Array;
  /** 0: nobody has the key. */
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

/** The same one for other keys: new memory costs more than to clear the old one, which is clear where there is no key. */
function emptied(table: Table, since: number): Table {
  table.firsts.fill(0);
  table.count = 0;
  table.since = since;
  return table;
}

/** Where the key is, or, as its complement (negative), the place that is free for it. */
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

/** Twice as large, without what nobody has any more. */
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
