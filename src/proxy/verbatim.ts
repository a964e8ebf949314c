import type { WireEvent } from '../wire.ts';

/** Fields that decide what an event may do, and those by which the parts of a batch are told apart. */
const DECIDING = ['type', 'event', 'userId', 'previousId', 'anonymousId', 'groupId', 'messageId', 'context'];

/**
 * Whether a batch may be passed on in the very bytes that came, because every parser must read in them what was read here. Of
 * two fields of one name some parsers take the first and some the last, so each name that decides may stand as often as
 * there are events that have it, and no letter of a name may be written as an escape. A text of which that is not certain is
 * none the worse: it is written anew.
 * @param body the text, parsed
 * @param maxEventChars what no event may exceed, in UTF-16 units
 */
export function isVerbatim(
  text: string,
  body: Readonly<Record<string, unknown>>,
  events: readonly WireEvent[],
  maxEventChars: number,
): boolean {
  // What else stands at the top would pass by the checks of single events.
  const isPlain = Object.keys(body).every((key) => key === 'batch' || key === 'sentAt');
  return (
    isPlain &&
    // No text of `JSON.stringify` has one: it escapes control characters and lone surrogates only.
    !/\\u00[2-7]/i.test(text) &&
    countOf(text, 'batch') === 1 &&
    DECIDING.every(
      (name) => countOf(text, name) === events.filter((event) => Object.hasOwn(event, name)).length,
    ) &&
    areWithin(text, events.length, maxEventChars)
  );
}

function countOf(text: string, name: string): number {
  const quoted = `"${name}"`;
  let count = 0;
  for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + quoted.length)) count += 1;
  return count;
}

/** No event is longer than what lies between the ids of its neighbours, of which each has one. */
function areWithin(text: string, events: number, maxChars: number): boolean {
  const ids: number[] = [0];
  for (let at = text.indexOf('"messageId"'); at >= 0; at = text.indexOf('"messageId"', at + 1)) ids.push(at);
  if (ids.length !== events + 1) return false;
  ids.push(text.length);
  return ids.every((at, i) => i < 2 || at - (ids[i - 2] ?? 0) <= maxChars);
}
