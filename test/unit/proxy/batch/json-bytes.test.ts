// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createFindings, spaceEnd, valueEnd } from '../../../../src/proxy/batch/json-bytes.ts';
import { space, writeValue } from '../../../fakes/json.ts';
import { type Random, seeded } from '../../../fakes/random.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function accepts(bytes: Uint8Array): boolean {
  try {
    return spaceEnd(bytes, valueEnd(bytes, spaceEnd(bytes, 0), createFindings())) === bytes.length;
  } catch (cause) {
    if (cause instanceof SyntaxError) return false;
    throw cause;
  }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(utf8.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Throws where the two disagree. A call of Vitest's `expect` for each case takes longer than the parsers that are compared. */
function judgesAlike(bytes: Uint8Array, words: () => string): boolean {
  const expected = isJson(bytes);
  if (accepts(bytes) !== expected) throw new Error(`JSON.parse ${expected ? 'reads' : 'refuses'} ${words()}`);
  return expected;
}

/** Texts that change the meaning of the JSON around them. */
const PIECES = Array.from(
  '{ } [ ] , : " \\ \\u \\u00 \\ud83 0 00 - -0 . 1. .5 e E+ e- true nul \t \n \u0000 \u001f \u007f \u00a0 \u2028 \ufeff 🦊 ü'.split(
    ' ',
  ),
  bytesOf,
).concat(
  [
    [0x80],
    [0xc0, 0xaf],
    [0xc1, 0xbf],
    [0xc3],
    [0xe0, 0x9f, 0x80],
    [0xed, 0xa0, 0x80],
    [0xef, 0xbf],
    [0xf0, 0x8f, 0x80, 0x80],
  ].map((bytes) => Uint8Array.from(bytes)),
  [[0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xfe]].map((bytes) => Uint8Array.from(bytes)),
);

/** Removes a part, inserts a piece, or does both. */
function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  const from = random.below(bytes.length + 1);
  const to = Math.min(bytes.length, from + random.below(4));
  const [first = bytesOf('')] = PIECES;
  const piece = random.chance(0.3) ? bytesOf('') : random.pick([first, ...PIECES]);
  return Uint8Array.from([...bytes.subarray(0, from), ...piece, ...bytes.subarray(to)]);
}

test('accepts exactly what JSON.parse reads', () => {
  const counts = { good: 0, bad: 0 };
  for (let seed = 1; seed <= 4_000; seed += 1) {
    const random = seeded(seed);
    let bytes = bytesOf(`${space(random)}${writeValue(random, 5)}${space(random)}`);
    expect(accepts(bytes), utf8.decode(bytes)).toBe(true);
    for (let times = 0; times < 5; times += 1) {
      bytes = damaged(random, bytes);
      const expected = judgesAlike(bytes, () => `seed ${seed}: ${Buffer.from(bytes).toString('latin1')}`);
      counts[expected ? 'good' : 'bad'] += 1;
    }
  }
  expect(Math.min(counts.good, counts.bad)).toBeGreaterThan(1_000);
});

describe('agrees with JSON.parse on:', () => {
  test.each([
    [
      'numbers',
      '0 -0 10 01 -01 - + +1 1. .5 1.5 1e5 1E+05 1e-5 1e 1e+ 1.e5 -.5 0x1 1_0 NaN Infinity 1e999 --1 0e0',
    ],
    ['literals', 'true false null tru truee nul nulll True FALSE undefined t f n'],
    [
      'texts',
      String.raw`"" "a" "\"" "\\" "\/" "\b\f\n\r\t" "\u0041" "\uD83D" "\u12g4" "\u12" "\x41" "\'" 'a' "a "\ "\" "\u" "`,
    ],
    ['arrays', '[] [1] [1,2] [1,] [,1] [1,,2] [ [] ] [[[]]] [1 ] ] [1} [1:2] [1,[2,{}]] [1;2]'],
    [
      'objects',
      '{} {"a":1} {"a":1,} {,"a":1} {"a"} {"a":} {:1} {a:1} {1:1} {"a":1]} {"a":1]{"b":2} {"a":{}} {"a":[{}]} {"a"::1} {"a":1:2}',
    ],
    ['endings', '1] {}{} []1 1,2 "a"x truex nullnull {}, [], {} {"a":1}}'],
  ])('%s', (_, texts) => {
    for (const text of texts.split(' ')) expect(accepts(bytesOf(text)), text).toBe(isJson(bytesOf(text)));
    expect(texts.split(' ').some((text) => isJson(bytesOf(text)))).toBe(true);
    expect(texts.split(' ').every((text) => isJson(bytesOf(text)))).toBe(false);
  });

  test('every byte, alone, in a string, and behind a backslash', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      for (const before of ['', ' ', '"', '"\\', '[1', '1', '-', '"\\u00', '"\\u004'])
        for (const after of ['', '"', '1"', ']', '1']) {
          const bytes = Uint8Array.from([...bytesOf(before), byte, ...bytesOf(after)]);
          judgesAlike(bytes, () => `${before}<${byte}>${after}`);
        }
    }
  });

  test('every first and second byte of a character, with valid and invalid further bytes', () => {
    for (let first = 0x80; first < 256; first += 1)
      for (let second = 0x70; second < 0xd0; second += 1)
        for (const rest of [
          [],
          [0x80],
          [0x80, 0x80],
          [0xbf, 0xbf],
          [0x80, 0x7f],
          [0x80, 0xc0],
          [0x80, 0x80, 0x80],
        ]) {
          const bytes = Uint8Array.from([0x22, first, second, ...rest, 0x22]);
          judgesAlike(bytes, () => `the byte ${first}, then ${second} and ${rest.join(' ')}`);
        }
  });

  test('texts that end too early, at any position', () => {
    const whole = bytesOf(String.raw`{"a":[true,-1.5e+3,null,{"\u00fcü🦊":"\\"}],"b":{}}`);
    expect(accepts(whole)).toBe(true);
    for (let length = 0; length < whole.length; length += 1)
      expect(accepts(whole.subarray(0, length)), `${length} bytes`).toBe(false);
  });

  test('a million levels', () => {
    const findings = createFindings();
    const deep = bytesOf('[{"a":'.repeat(500_000) + '1' + '}]'.repeat(500_000));
    expect(valueEnd(deep, 0, findings)).toBe(deep.length);
    expect(findings.deepest).toBe(1_000_000);
    expect(accepts(deep.subarray(0, -1))).toBe(false);
  });
});

test('finds the end of a value in more bytes', () => {
  for (const [value, rest] of [
    ['12', ','],
    ['"a\\""', '"'],
    ['[1,[2]]', ']'],
    ['{"a":{}}', '}'],
    ['null', ' '],
  ] as const)
    expect(valueEnd(bytesOf(` ${value}${rest}`), 1, createFindings())).toBe(1 + value.length);
});

test.each([
  [String.raw`"\u0041"`, true],
  [String.raw`"\\\u0020"`, true],
  [String.raw`"\u007e"`, true],
  [String.raw`"\u007F"`, true],
  [String.raw`"\\u0041"`, false],
  [String.raw`"\u001f\u0000\n\""`, false],
  [String.raw`"\u0080\u00e4\u0141\u4100"`, false],
  ['"u0041"', false],
  [String.raw`[{"a":[],"\u0041":1}]`, true],
])('%s has an unnecessary escape: %s', (text, expected) => {
  const findings = createFindings();
  valueEnd(bytesOf(text), 0, findings);
  expect(findings.hasNeedlessEscape).toBe(expected);
});
