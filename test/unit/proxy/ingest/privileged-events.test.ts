// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry } from '../../../../src/proxy.ts';
import { privilegedEvent } from '../../../../src/proxy/ingest/privileged-events.ts';
import { event, post, startProxy, verdict } from '../../../integration/proxy/setup.ts';

const NAMES = [
  'User Deleted',
  'User Suppressed',
  'User Unsuppressed',
  'Object Deleted',
  'Relationship Deleted',
  'Device Created or Updated',
  'Device Deleted',
  'Report Delivery Event',
  'Report Content Event',
] as const;

/** Replaces every ASCII letter by another code point. */
const shifted = (name: string, capital: number, small: number): string =>
  name.replace(/[A-Za-z]/g, (letter) =>
    String.fromCodePoint(
      letter < 'a' ? letter.charCodeAt(0) - 65 + capital : letter.charCodeAt(0) - 97 + small,
    ),
  );
const between = (name: string, part: string): string => Array.from(name).join(part);

const DISGUISES: readonly (readonly [string, (name: string) => string])[] = [
  ['as it is', (name) => name],
  ['in capitals', (name) => name.toUpperCase()],
  ['in small letters', (name) => name.toLowerCase()],
  ['with spaces around', (name) => `  ${name}\t\n`],
  ['with two spaces', (name) => name.replace(' ', '  ')],
  ['with a tab', (name) => name.replace(' ', '\t')],
  ['with a line end', (name) => name.replace(' ', '\r\n')],
  ['with a no-break space', (name) => name.replace(' ', '\u00a0')],
  ['with an ideographic space', (name) => name.replace(' ', '\u3000')],
  ['with a thin space beside the other', (name) => name.replace(' ', ' \u2009')],
  ['with a next-line for a space', (name) => name.replace(' ', '\u0085')],
  ['with NUL at the end', (name) => `${name}\0`],
  ['with NUL for a space', (name) => name.replace(' ', '\0')],
  ['with zero-width spaces', (name) => between(name, '\u200b')],
  ['with a zero-width space for a space', (name) => name.replace(' ', '\u200b')],
  ['with a joiner', (name) => between(name, '\u200d')],
  ['with soft hyphens', (name) => between(name, '\u00ad')],
  ['with a byte order mark', (name) => `\ufeff${name}`],
  ['from right to left', (name) => `\u202e${name}\u202c`],
  ['with variation selectors', (name) => between(name, '\ufe0f')],
  ['with tags', (name) => `${name}\u{e0041}\u{e007f}`],
  ['with a Hangul filler', (name) => `${name}\u3164`],
  ['with a blank of Braille', (name) => name.replace(' ', '\u2800')],
  ['with a private character', (name) => `${name}\ue000`],
  ['with half a surrogate pair', (name) => `${name}\ud800`],
  ['with accents', (name) => between(name, '\u0301')],
  ['with one accented letter', (name) => name.replace(/e/i, 'é')],
  ['in full width', (name) => shifted(name, 0xff21, 0xff41)],
  ['in bold', (name) => shifted(name, 0x1d400, 0x1d41a)],
  ['in circles', (name) => shifted(name, 0x24b6, 0x24d0)],
  ['with a long s', (name) => name.replace(/s/, '\u017f')],
  ['with a dotless i', (name) => name.replace(/i/, '\u0131')],
  ['with a dotted I', (name) => name.toUpperCase().replace(/I/, '\u0130')],
  ['with a sign for kelvin', (name) => name.replace(/k/i, '\u212a')],
];

describe.each(DISGUISES)('a privileged event %s', (_, disguise) => {
  test('is recognised', () => {
    for (const name of NAMES) expect([name, privilegedEvent(disguise(name))]).toEqual([name, name]);
  });
});

test.each([
  'Order Placed',
  'UserDeleted',
  'User_Deleted',
  'user-deleted',
  'User Deleted Item',
  'My User Deleted',
  'Users Deleted',
  'Пользователь удалён',
  'ユーザー削除',
  '👋',
  '',
  ' ',
  '\u200b',
])('"%s" is not a privileged event', (name) => {
  expect(privilegedEvent(name)).toBeUndefined();
});

test('a refused one is logged as such, and nothing of its batch is forwarded', async () => {
  const log: ProxyLogEntry[] = [];
  const { proxy, upstream } = await startProxy({ onLog: (entry) => log.push(entry) });
  const disguised = DISGUISES.flatMap(([, disguise]) => NAMES.map(disguise));
  for (const name of disguised) {
    const batch = [event(), event(), event({ event: name })];
    expect(await verdict(await proxy.fetch(post(batch)))).toBe('400 privileged_event');
  }
  expect(new Set(log.map(({ error }) => error))).toEqual(new Set(['privileged_event']));
  expect(upstream.received).toEqual([]);
});

test('an event between others is found, and named', async () => {
  const { proxy } = await startProxy();
  const batch = [event(), event({ event: 'Grüße' }), event({ event: 'Ｕser Deleted' }), event()];
  const response = await proxy.fetch(post(batch));
  expect(await response.json()).toMatchObject({
    message: 'batch[2]: a client key may not send "User Deleted". Send it from your server.',
  });
});
