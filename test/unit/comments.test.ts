// @vitest-environment node
/** A comment names its subject first: a reader must not need the line below it to know what "it" or "who" is. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = new URL('../../src', import.meta.url).pathname;

/** Words that stand for a noun that the comment has not named, at its beginning. */
const PRONOUN =
  /^(?:It|Its|They|Them|Their|These|Those|He|She|What|Whatever|Who|Whoever|Whose|Whom|One|Another|Others|Both|Neither|None|Some|Such|Else|So|(?:This|That|All|Each|Any)(?! \w+s?\b))\b(?!:)/;
/** `This batch`, `Those events`: a noun follows. `Some`, `Such`, `None` and `What` name nothing at all. */
const WITH_NOUN =
  /^(?:These|Those|Another|Both|Neither|Some|Such) (?!are|is|have|has|of|may|can|do|who|that|in|from)[a-z]+/;

function commentsOf(code: string): readonly { readonly line: number; readonly text: string }[] {
  const found: { line: number; text: string }[] = [];
  const lineAt = (index: number): number => code.slice(0, index).split('\n').length;
  for (const { 0: text, index } of code.matchAll(/\/\*\*?([\s\S]*?)\*\//g))
    found.push({ line: lineAt(index), text: text.replace(/^\/\*\*?|\*\/$/g, '').replace(/^[\s*]+/, '') });
  // Adjacent line comments are one comment.
  for (const { 0: text, index } of code.matchAll(/(?:^[ \t]*\/\/.*\n)+/gm))
    found.push({ line: lineAt(index), text: text.replace(/^\s*\/\/\s*/, '') });
  return found;
}

test('no comment begins with a pronoun', () => {
  const riddles = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      commentsOf(readFileSync(path.join(ROOT, file), 'utf8'))
        .filter(({ text }) => PRONOUN.test(text) && !WITH_NOUN.test(text))
        .map(({ line, text }) => `${file}:${line} ${text.split('\n')[0]?.slice(0, 80)}`),
    );
  expect(riddles).toEqual([]);
});
