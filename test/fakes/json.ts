import type { Random } from './random.ts';

/**
 * Random JSON texts, determined by a seed, with the details that parsers and byte scanners often get wrong.
 */
const NAMES = ['type', 'event', 'userId', 'context', 'a"b', 'a\\', ':', '{"x":', 'ü🦊', '__proto__'] as const;

/** An object as a parser reads it: its fields in order, duplicate names included. */
export type Fields = readonly (readonly [name: string, value: unknown])[];

export interface Written {
  readonly text: string;
  readonly fields: Fields;
}

function writeText(random: Random, text: string): string {
  const escapes = random.chance(0.1);
  const chars = Array.from(text, (char) =>
    escapes && /[ -~]/.test(char) && random.chance(0.5)
      ? `\\u00${char.charCodeAt(0).toString(16)}`
      : JSON.stringify(char).slice(1, -1),
  );
  return `"${chars.join('')}"`;
}

export const space = (random: Random): string => (random.chance(0.1) ? random.pick([' ', '\n', '\t ']) : '');

export function writeValue(random: Random, levels: number): string {
  if (levels === 0 || random.chance(0.6)) {
    const scalar = random.pick([1.5, -0, 1e21, true, null, '', ...NAMES, '\u0007', '\ud83d']);
    return typeof scalar === 'string' ? writeText(random, scalar) : JSON.stringify(scalar);
  }
  if (random.chance(0.5)) return writeObject(random, levels - 1).text;
  const items = Array.from({ length: random.below(4) }, () => writeValue(random, levels - 1));
  return `[${items.join(`${space(random)},`)}]`;
}

export function writeObject(random: Random, levels: number): Written {
  const names = random.chance(0.3)
    ? Array.from({ length: random.below(6) }, () => random.pick(NAMES))
    : NAMES.filter(() => random.chance(0.5));
  const parts = names.map((name) => [name, writeText(random, name), writeValue(random, levels)] as const);
  return {
    text: `{${parts.map(([, name, value]) => `${space(random)}${name}${space(random)}:${value}`).join(',')}}`,
    fields: parts.map(([name, , value]) => [name, JSON.parse(value)]),
  };
}
