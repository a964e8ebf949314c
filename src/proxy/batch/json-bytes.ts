/**
 * Finds where values end in the bytes of JSON (RFC 8259, in UTF-8), without making the values. These functions accept exactly
 * what `JSON.parse` accepts. Each function `…End` takes the index at which something begins, and returns the index behind it.
 */

import { strictUtf8 } from '../lib/strict-utf8.ts';

const [TAB, LINE_FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, SLASH] = [0x22, 0x5c, 0x2f];
const [COMMA, COLON, PLUS, MINUS, POINT] = [0x2c, 0x3a, 0x2b, 0x2d, 0x2e];
const [ZERO, NINE] = [0x30, 0x39];
const [LETTER_B, LETTER_E, LETTER_F, LETTER_N, LETTER_R, LETTER_T, LETTER_U] = [
  0x62, 0x65, 0x66, 0x6e, 0x72, 0x74, 0x75,
];
const [OPEN_BRACKET, OPEN_BRACE] = [0x5b, 0x7b];
/** The difference between the codes of an opening bracket or brace and of its closing one. */
const TO_CLOSE = 2;
const CLOSE_BRACE = OPEN_BRACE + TO_CLOSE;

const LITERALS = ['true', 'false', 'null'].map((word) => Uint8Array.from(word, (char) => char.charCodeAt(0)));

/** Facts about the JSON that the functions collect while they read. */
export interface Findings {
  /** The byte that closes each open level: working memory of `valueEnd`, of no meaning for its callers. */
  readonly levels: number[];
  /** The largest number of levels that were open at a time. */
  deepest: number;
  /** A value with more levels than this is not read (`JsonLimitError`). */
  readonly mostLevels: number;
  /** Whether a text has a letter, digit or sign of ASCII written as `\u00..`, which no JSON writer needs. */
  hasNeedlessEscape: boolean;
}

export function createFindings(mostLevels: number = Infinity): Findings {
  return { levels: [], deepest: 0, mostLevels, hasNeedlessEscape: false };
}

/** A limit of fields or levels is exceeded. The bytes so far are JSON; those behind them were not read. */
export class JsonLimitError extends RangeError {
  override readonly name = 'JsonLimitError';
}

export function startsArray(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === OPEN_BRACKET;
}

export function startsObject(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === OPEN_BRACE;
}

export function startsText(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === QUOTE;
}

/** The text whose JSON, with its quotes, is between `from` and `to`. */
export function textIn(bytes: Uint8Array, from: number, to: number): string {
  return JSON.parse(strictUtf8.decode(bytes.subarray(from, to))) as string;
}

export function spaceEnd(bytes: Uint8Array, at: number): number {
  for (; ; at += 1) {
    const byte = bytes[at];
    if (byte !== SPACE && byte !== LINE_FEED && byte !== RETURN && byte !== TAB) return at;
  }
}

/** The end of a value of any kind. @throws SyntaxError where it is not JSON, JsonLimitError where it is nested too deeply */
export function valueEnd(bytes: Uint8Array, at: number, findings: Findings): number {
  const { levels } = findings;
  let depth = 0;
  for (;;) {
    const byte = bytes[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      const close = byte + TO_CLOSE;
      at = spaceEnd(bytes, at + 1);
      if (bytes[at] === close) {
        at += 1;
      } else {
        levels[depth] = close;
        depth += 1;
        if (depth > findings.deepest) deepen(findings, depth);
        if (close === CLOSE_BRACE) at = nameEnd(bytes, at, findings);
        continue;
      }
    } else {
      at = scalarEnd(bytes, at, findings);
    }
    for (;;) {
      if (depth === 0) return at;
      const close = levels[depth - 1] ?? 0;
      at = spaceEnd(bytes, at);
      if (bytes[at] === COMMA) {
        at = spaceEnd(bytes, at + 1);
        if (close === CLOSE_BRACE) at = nameEnd(bytes, at, findings);
        break;
      }
      expect(bytes, at, close);
      at += 1;
      depth -= 1;
    }
  }
}

/**
 * The end of an object. Calls `fieldEnd` for each field, whose name, with its quotes, is in `bytes` from `from` to `to`;
 * `fieldEnd` returns where the value that begins at `valueFrom` ends.
 *
 * @throws SyntaxError where it is not JSON
 */
export function objectEnd(
  bytes: Uint8Array,
  at: number,
  fieldEnd: (from: number, to: number, valueFrom: number) => number,
  findings: Findings,
): number {
  return arrayEnd(bytes, at, (from) => {
    const to = textEnd(bytes, from, findings);
    return fieldEnd(from, to, afterColon(bytes, to));
  });
}

/**
 * The end of an array, or of anything else with commas between two brackets. Calls `itemEnd` with the begin of each item;
 * `itemEnd` returns where that item ends.
 *
 * @throws SyntaxError where it is not JSON
 */
export function arrayEnd(bytes: Uint8Array, at: number, itemEnd: (from: number) => number): number {
  const close = (bytes[at] ?? 0) + TO_CLOSE;
  at = spaceEnd(bytes, at + 1);
  if (bytes[at] === close) return at + 1;
  for (;;) {
    at = spaceEnd(bytes, itemEnd(at));
    if (bytes[at] === close) return at + 1;
    expect(bytes, at, COMMA);
    at = spaceEnd(bytes, at + 1);
  }
}

function deepen(findings: Findings, depth: number): void {
  if (depth > findings.mostLevels)
    throw new JsonLimitError(`is nested in more than ${findings.mostLevels} levels`);
  findings.deepest = depth;
}

function nameEnd(bytes: Uint8Array, at: number, findings: Findings): number {
  return afterColon(bytes, textEnd(bytes, at, findings));
}

function afterColon(bytes: Uint8Array, at: number): number {
  const colon = spaceEnd(bytes, at);
  expect(bytes, colon, COLON);
  return spaceEnd(bytes, colon + 1);
}

function scalarEnd(bytes: Uint8Array, at: number, findings: Findings): number {
  const byte = bytes[at];
  if (byte === QUOTE) return textEnd(bytes, at, findings);
  if (byte === MINUS || isDigit(byte)) return numberEnd(bytes, at);
  const literal = LITERALS.find(([first]) => first === byte);
  if (!literal) throw notJson();
  literal.forEach((char, index) => expect(bytes, at + index, char));
  return at + literal.length;
}

function numberEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === MINUS) at += 1;
  at = bytes[at] === ZERO ? at + 1 : digitsEnd(bytes, at);
  if (bytes[at] === POINT) at = digitsEnd(bytes, at + 1);
  // The code of a capital letter is 32 below that of the small one.
  if (bytes[at] === LETTER_E || bytes[at] === LETTER_E - 32) {
    const sign = bytes[at + 1];
    at = digitsEnd(bytes, sign === PLUS || sign === MINUS ? at + 2 : at + 1);
  }
  return at;
}

/** The end of one or more digits. */
function digitsEnd(bytes: Uint8Array, at: number): number {
  if (!isDigit(bytes[at])) throw notJson();
  do at += 1;
  while (isDigit(bytes[at]));
  return at;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

/**
 * For each byte, 1 where it ends a run of ordinary characters of a text: quote, backslash, control character, byte outside ASCII.
 */
const ENDS_RUN = /*#__PURE__*/ Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === QUOTE || byte === BACKSLASH || byte < SPACE || byte > 0x7f ? 1 : 0,
);

function textEnd(bytes: Uint8Array, at: number, findings: Findings): number {
  expect(bytes, at, QUOTE);
  at += 1;
  for (;;) {
    // A table needs one lookup for each byte instead of four comparisons. Behind the last byte `?? 0` ends the run too.
    while (ENDS_RUN[bytes[at] ?? 0] === 0) at += 1;
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at + 1;
    if (byte < SPACE) throw notJson();
    at = byte === BACKSLASH ? escapeEnd(bytes, at + 1, findings) : characterEnd(bytes, at, byte);
  }
}

/** The end of an escape. `at`: the index behind its backslash. */
function escapeEnd(bytes: Uint8Array, at: number, findings: Findings): number {
  switch (bytes[at]) {
    case QUOTE:
    case BACKSLASH:
    case SLASH:
    case LETTER_B:
    case LETTER_F:
    case LETTER_N:
    case LETTER_R:
    case LETTER_T:
      return at + 1;
    case LETTER_U:
      for (let digit = at + 1; digit <= at + 4; digit += 1) {
        const byte = bytes[digit] ?? 0;
        const small = byte | 0x20;
        if (!isDigit(byte) && !(small >= 0x61 && small <= LETTER_F)) throw notJson();
      }
      if (isAscii(bytes, at + 1)) findings.hasNeedlessEscape = true;
      return at + 5;
    default:
      throw notJson();
  }
}

/** Whether the four hexadecimal digits at `at` name a printable character of ASCII. Control characters do not count: JSON requires their escapes. */
function isAscii(bytes: Uint8Array, at: number): boolean {
  const digit = bytes[at + 2] ?? 0;
  return bytes[at] === ZERO && bytes[at + 1] === ZERO && digit >= ZERO + 2 && digit <= ZERO + 7;
}

/**
 * The end of a character outside ASCII. The ranges are those of RFC 3629, and of table 3-7 in
 * https://www.unicode.org/versions/Unicode15.0.0/ch03.pdf
 */
function characterEnd(bytes: Uint8Array, at: number, first: number): number {
  const second = bytes[at + 1] ?? 0;
  if (first < 0xc2 || first > 0xf4 || !isContinuation(second)) throw notJson();
  if (first < 0xe0) return at + 2;
  if (!isContinuation(bytes[at + 2])) throw notJson();
  if (first < 0xf0) {
    // An overlong form (E0 80 to E0 9F), or half of a surrogate pair (ED A0 to ED BF).
    if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) throw notJson();
    return at + 3;
  }
  // An overlong form (F0 80 to F0 8F), or a character above U+10FFFF (F4 90 and more).
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) throw notJson();
  if (!isContinuation(bytes[at + 3])) throw notJson();
  return at + 4;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte <= 0xbf;
}

function expect(bytes: Uint8Array, at: number, byte: number): void {
  if (bytes[at] !== byte) throw notJson();
}

function notJson(): SyntaxError {
  return new SyntaxError('This is not JSON.');
}
