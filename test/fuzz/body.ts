import { gzipSync } from 'node:zlib';
import type { Random } from '../fakes/random.ts';
import { makeEvents } from './events.ts';

/**
 * A request body: its bytes, the `Content-Encoding` that the request declares, and whether all bytes are
 * sent.
 */
export interface Body {
  readonly bytes: Buffer;
  /** `null`: the request has no `Content-Encoding` header. */
  readonly encoding: string | null;
  readonly end: 'whole' | 'never' | 'cut';
}

export function makeBody(random: Random): Body {
  let text = JSON.stringify({
    batch: makeEvents(random),
    ...(random.chance(0.8) && { sentAt: '2026-01-02T03:04:06.000Z' }),
    ...(random.chance(0.05) && { writeKey: 'another', context: { ip: '6.6.6.6' } }),
  });
  while (random.chance(0.12)) text = random.pick(TOKENS)(text, random);
  return transmitted(text, random);
}

/** The body with the text, as it was made. */
export function wholeBody(text: string): Body {
  return { bytes: Buffer.from(text), encoding: null, end: 'whole' };
}

/** The body with the text, after a change of an attacker, and changes of a damaged transmission. */
export function spoiltBody(text: string, random: Random): Body {
  return transmitted(random.pick(TOKENS)(text, random), random);
}

function transmitted(text: string, random: Random): Body {
  let bytes: Buffer = Buffer.from(text);
  while (bytes.length > 0 && random.chance(0.05)) bytes = random.pick(BYTES)(bytes, random);
  const end = random.chance(0.005) ? 'never' : random.chance(0.01) ? 'cut' : 'whole';
  return { ...packed(bytes, random), end };
}

/** Inserts `piece` at the first place of `after` behind a random position. */
function inserted(text: string, after: string, piece: string, random: Random): string {
  const from = text.indexOf(after, random.below(text.length));
  return from < 0 ? text : text.slice(0, from + after.length) + piece + text.slice(from + after.length);
}

type OfText = (text: string, random: Random) => string;

/** Changes that an attacker makes who knows the JSON format. */
const TOKENS: readonly [OfText, ...OfText[]] = [
  (text, random) => inserted(text, '{"type"', ':"track","event":"User Deleted","type"', random),
  (text, random) => inserted(text, '"anonymousId":', '"a","event":"User Deleted","x":', random),
  (text, random) => inserted(text, '{', '"__proto__":{"type":"track","event":"User Deleted"},', random),
  (text, random) => inserted(text, '{', '"constructor":{"prototype":{"polluted":1}},', random),
  (text, random) => inserted(text, '{', '"userId":"u2",', random),
  (text, random) => inserted(text, ',', '"\\u0065vent":"User\\u0020Deleted",', random),
  (text, random) => inserted(text, ',', '"\\u0045vent":"x",', random),
  (text, random) => inserted(text, '{', '"batch":[{"type":"track","event":"User Deleted"}],', random),
  (text) => `${text.slice(0, -1)},"batch":[]}`,
  (text) => `${text.slice(0, -1)},"batch":{"length":1}}`,
  (text) => `\ufeff${text}`,
  (text) => ` \n${text}\t`,
  (text) => `${text}${text}`,
  (text) => `[${text}]`,
  (text, random) => inserted(text, ':', `${'['.repeat(500)}1${']'.repeat(500)},"n":`, random),
  (text, random) =>
    inserted(text, ':', random.pick(['1e999,"n":', '-0,"n":', 'NaN,"n":', '01,"n":']), random),
  (text, random) => inserted(text, '"', '\\ud83e', random),
  (text, random) => text.replace(/12\.5/, random.pick(['1e5', '"12.5"', '', 'null', '12.5.5'])),
  (text) => text.replaceAll('"type"', '"type "'),
  (text) => text.replaceAll(':', ' : '),
  (text, random) => text + ' '.repeat(random.pick([10, 20_000, 30_000])),
  () => '',
  (_, random) => random.pick(['null', '[]', '{}', '0', '"batch"', '{"batch":null}', '{"batch":[[]]}']),
];

type OfBytes = (bytes: Buffer, random: Random) => Buffer;

/** Changes that a damaged transmission makes. */
const BYTES: readonly [OfBytes, ...OfBytes[]] = [
  (bytes, random) => {
    const copy = Buffer.from(bytes);
    const at = random.below(copy.length);
    copy.writeUInt8((copy[at] ?? 0) ^ (1 << random.below(8)), at);
    return copy;
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  (bytes, random) => bytes.subarray(random.below(bytes.length)),
  (bytes, random) => {
    const [from, to] = [random.below(bytes.length), random.below(bytes.length)];
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  (bytes, random) => {
    const at = random.below(bytes.length);
    const piece = random.pick([[0xc3], [0xed, 0xa0, 0x80], [0xff], [0], [0xf0, 0x9f], [0xc0, 0xaf]]);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(piece), bytes.subarray(at)]);
  },
];

/** A gzip body that decompresses to more than the proxy accepts. */
const BOMB = gzipSync(Buffer.alloc(300_000, ' '));
/** A gzip body that is itself larger than the proxy accepts, and decompresses to nothing. */
const NOTHING = Buffer.concat(Array.from({ length: 1_200 }, () => gzipSync('')));

function packed(bytes: Buffer, random: Random): Omit<Body, 'end'> {
  if (random.chance(0.75)) {
    const encoding = random.chance(0.9)
      ? null
      : random.pick(['', 'identity', 'br', 'deflate', 'gzip', 'gzip, gzip', 'x']);
    return { bytes, encoding };
  }
  const middle = random.below(bytes.length + 1);
  const gzip = gzipSync(bytes, { level: 1 });
  const encoding = random.pick(['gzip', 'gzip', 'GZIP', 'x-gzip']);
  if (random.chance(0.7)) return { bytes: gzip, encoding };
  const pieces = random.pick<() => readonly Buffer[]>([
    () => [gzip.subarray(0, random.below(gzip.length))],
    () => [gzipSync(bytes.subarray(0, middle)), gzipSync(bytes.subarray(middle))],
    () => [gzip, Buffer.from('rest')],
    () => [gzip, gzip],
    () => [gzipSync(gzip)],
    () => [BOMB],
    () => [NOTHING],
    () => [Buffer.from('x'), gzip],
  ]);
  return { bytes: Buffer.concat(pieces()), encoding };
}
