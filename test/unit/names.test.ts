// @vitest-environment node
/** One name has one meaning: in exports, in file names, and in what the build shortens. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { INTERNAL_NAMES, SHORT_NAMES } from '../../build/internal-names.ts';
import { readSources } from '../support/sources.ts';

const sources = readSources('src');
const sdk = sources.filter(({ file }) => file.startsWith('sdk/') || file.startsWith('protocol/'));

const doubles = (
  named: Iterable<readonly [name: string, place: string]>,
): Record<string, readonly string[]> => {
  const places = new Map<string, Set<string>>();
  for (const [name, place] of named) places.set(name, (places.get(name) ?? new Set()).add(place));
  return Object.fromEntries(
    Array.from(places, ([name, at]) => [name, [...at]] as const).filter(([, at]) => at.length > 1),
  );
};

describe('one name has one meaning', () => {
  test('no two files export the same name', () => {
    const exported = sources.flatMap(({ file, code }) =>
      Array.from(
        code.matchAll(
          /^export (?:declare )?(?:async )?(?:const|function\*?|class|interface|type|let) (\w+)/gm,
        ),
        ([, name = '']) => [name, file] as const,
      ),
    );
    expect(exported.length).toBeGreaterThan(500);
    expect(doubles(exported)).toEqual({});
  });

  test("no two files have the same name, except a folder's contract", () => {
    const named = sources
      .filter(({ file }) => file.includes('/'))
      .map(({ file }) => [path.basename(file), file] as const)
      .filter(([name]) => name !== 'contract.ts');
    expect(doubles(named)).toEqual({});
  });

  test('no file has a vague name such as "utils"', () => {
    const drawers = /(?:^|\/)(?:utils?|helpers?|types|constants|misc|common)\.ts$/;
    expect(sources.filter(({ file }) => drawers.test(file)).map(({ file }) => file)).toEqual([]);
  });
});

describe('names that the build shortens', () => {
  const PUBLIC = new Set([
    'sdk/api.ts',
    'sdk/events.ts',
    'sdk/options/options.ts',
    'sdk/outbox/validate-record.ts',
    'protocol/errors.ts',
    'protocol/wire.ts',
  ]);
  // Types may name internal properties, since the build removes types.
  const all = sdk.map(({ code }) => code.replace(/\b(?:Pick|Omit)<[^>]*>/g, '')).join('\n');

  test.each(INTERNAL_NAMES)('%s is in no string, and no other code uses it', (name) => {
    expect(all).toMatch(new RegExp(`\\b${name}\\b`));
    expect(all).not.toMatch(new RegExp(`['"\`]${name}['"\`]`));
    // The exports of a file keep their names.
    expect(all).not.toMatch(new RegExp(`\\bbrowser\\.${name}\\b`));
    for (const { file, code } of sdk)
      if (PUBLIC.has(file))
        expect(code.replace(/from '[^']+'/g, ''), file).not.toMatch(new RegExp(`\\b${name}\\b`));
  });

  // The list once had `written`, which is also a member of the result of `TextEncoder.encodeInto`: every
  // event then had no size.
  test("none of them is a member of the browser's or the language's types", () => {
    const libraries = ['dom', 'es5', 'es2020.promise', 'es2022.error'].map((name) =>
      readFileSync(
        new URL(`../../node_modules/@typescript/old/lib/lib.${name}.d.ts`, import.meta.url),
        'utf8',
      ),
    );
    const members = new Set(
      libraries.flatMap((text) =>
        Array.from(text.matchAll(/^ {4}(?:readonly )?(\w+)\??[(<:]/gm), ([, name]) => name),
      ),
    );
    expect(members.has('written')).toBe(true);
    // These are names of WebRTC, which the SDK does not use.
    const unused = new Set(['sender', 'transport']);
    expect(INTERNAL_NAMES.filter((name) => members.has(name) && !unused.has(name))).toEqual([]);
  });

  test('each has a unique short form, and no other property has one letter', () => {
    expect(new Set(SHORT_NAMES.values()).size).toBe(INTERNAL_NAMES.length);
    for (const { file, code } of sdk)
      expect(code.match(/[.{]\s*[a-zA-Z_]\b(?!['"\s])/g) ?? [], file).toEqual([]);
  });
});
