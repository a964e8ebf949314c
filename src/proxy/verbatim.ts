/** Where an event stands in the bytes of its batch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * What may be passed on in the very bytes that came, because every parser must read in them what was read here. Of two fields
 * of one name some parsers take the first and some the last; so an object may keep its bytes only where it has as many names
 * in the text as it has fields, now that it is parsed. The rest is written anew.
 */
export interface Verbatim {
  /** Of each event in turn; `undefined`: this one has to be written anew. */
  readonly spans: readonly (Span | undefined)[];
  /** Whether the batch may go as it is. */
  readonly isWhole: boolean;
}

const NOTHING: Verbatim = { spans: [], isWhole: false };
/** Beyond this many levels `JSON.stringify` is asked, which knows how deep is too deep. */
const MOST_LEVELS = 100;

const [QUOTE, BACKSLASH, COLON, ZERO] = [0x22, 0x5c, 0x3a, 0x30];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];
const [LETTER_U, TWO, SEVEN] = [0x75, 0x32, 0x37];

/**
 * @param bytes valid JSON in UTF-8, without a byte order mark
 * @param body the same, parsed
 * @param batch its events
 */
export function findVerbatim(
  bytes: Uint8Array,
  body: Readonly<Record<string, unknown>>,
  batch: readonly unknown[],
  maxEventBytes: number,
): Verbatim {
  const names = Object.keys(body);
  // What else stands at the top would pass by the checks of single events.
  const isPlain = names.every((name) => name === 'batch' || (name === 'sentAt' && !isObject(body[name])));
  if (!isPlain) return NOTHING;
  const { top, objects } = scan(bytes);
  if (top !== names.length || objects.length !== batch.length) return NOTHING;
  const spans = objects.map((object, i) => {
    const isSame = !object.isOdd && object.names === Object.keys(batch[i] ?? {}).length;
    return isSame && object.to - object.from <= maxEventBytes ? object : undefined;
  });
  const { sentAt } = body;
  const isWhole = (sentAt === undefined || typeof sentAt === 'string') && !spans.includes(undefined);
  return { spans, isWhole };
}

interface ScannedObject extends Span {
  readonly names: number;
  readonly isOdd: boolean;
}

/** Reads no values: that the text is JSON is known. `top`: how many names the outermost object has. */
function scan(bytes: Uint8Array): { readonly top: number; readonly objects: readonly ScannedObject[] } {
  const objects: ScannedObject[] = [];
  const end = bytes.length;
  let [top, depth, from, names] = [0, 0, 0, 0];
  let isOdd = false;
  for (let at = 0; at < end; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        for (at += 1; at < end && bytes[at] !== QUOTE; at += 1) {
          if (bytes[at] !== BACKSLASH) continue;
          isOdd ||= isNeedless(bytes, at);
          at += 1;
        }
        break;
      case COLON:
        if (depth === 3) names += 1;
        else if (depth === 1) top += 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        if (depth === 3) [from, names, isOdd] = [at, 0, false];
        else if (depth > MOST_LEVELS) isOdd = true;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 3) objects.push({ from, to: at + 1, names, isOdd });
        depth -= 1;
        break;
    }
  }
  return { top, objects };
}

/** A letter, digit or sign of ASCII as `\u00..`, which no writer needs: nobody shall have to unpack names to compare them. */
function isNeedless(bytes: Uint8Array, at: number): boolean {
  const digit = bytes[at + 4] ?? 0;
  return (
    bytes[at + 1] === LETTER_U &&
    bytes[at + 2] === ZERO &&
    bytes[at + 3] === ZERO &&
    digit >= TWO &&
    digit <= SEVEN
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
