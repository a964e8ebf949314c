import type { OutboxEvent } from './contract.ts';
import { isStoredEvent } from './validate-record.ts';

/** Returns the ids of the events for which these lifeboats had no room. */
export const idsWithoutRoom = (texts: readonly (string | null)[]): readonly string[] =>
  texts
    .flatMap(parse)
    .filter((each): each is string => typeof each === 'string' && /^[0-9A-Z]{26}$/.test(each));

/** Returns the events of these lifeboats, oldest lifeboat first. Within a lifeboat the order stays, even if the clock was changed. */
export function readLifeboats(texts: readonly (string | null)[]): readonly OutboxEvent[] {
  const boats = texts.map((text) => parse(text).filter(isStoredEvent));
  return boats.sort(([one], [other]) => (one?.at ?? 0) - (other?.at ?? 0)).flat();
}

function parse(text: string | null): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
