import type { OutboxEvent } from './contract.ts';
import { isEvent } from './record.ts';

/** The events of lifeboats, oldest first; within a boat they keep their order, whatever the clock did meanwhile. */
export function readLifeboats(texts: readonly (string | null)[]): readonly OutboxEvent[] {
  const boats = texts.map(parse);
  return boats.sort(([one], [other]) => (one?.at ?? 0) - (other?.at ?? 0)).flat();
}

function parse(text: string | null): readonly OutboxEvent[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list.filter(isEvent) : [];
  } catch {
    return [];
  }
}
