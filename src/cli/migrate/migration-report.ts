import { applyEdits, orderEdits } from './edits.ts';
import type { MigratedFile, Migration } from './migrate-folder.ts';
import type { NewValues, Remark } from './rewriting.ts';
import { unifiedDiff } from './unified-diff.ts';
import { maskKey } from './write-key.ts';

const COLOURS: readonly (readonly [RegExp, number])[] = [
  [/^(?:---|\+\+\+) /, 1],
  [/^@@/, 36],
  [/^\+/, 32],
  [/^-/, 31],
];

/** Prints the diff of all files. Write keys are masked, because the output often goes into logs. */
export function printDiff({ files }: Migration, isColoured: boolean): string {
  const diff = files.map(({ file, before, findings }) => unifiedDiff(file, before, findings.edits)).join('');
  const masked = mask(files, diff);
  if (!isColoured) return masked;
  const paint = (line: string): string => {
    const [, colour] = COLOURS.find(([start]) => start.test(line)) ?? [];
    return colour === undefined ? line : `\u001B[${colour}m${line}\u001B[0m`;
  };
  return masked.split('\n').map(paint).join('\n');
}

/** Short keys are masked in quotes only: a word such as `test` can be a part of any line. */
const SHORT_KEY_LENGTH = 12;

function mask(files: readonly MigratedFile[], text: string): string {
  const secrets = new Set(files.flatMap(({ findings }) => [...findings.secrets]));
  return [...secrets].reduce((masked, secret) => {
    if (secret.length > SHORT_KEY_LENGTH) return masked.replaceAll(secret, maskKey(secret));
    return ['"', "'", '`'].reduce(
      (quoted, mark) => quoted.replaceAll(mark + secret + mark, mark + maskKey(secret) + mark),
      masked,
    );
  }, text);
}

/** Prints what has changed, what a person must do in the code, and the steps outside of the code. */
export function printSummary(migration: Migration, values: NewValues, isWritten: boolean): string {
  const { files, left } = migration;
  const changed = files.filter(({ findings }) => findings.edits.length > 0);
  const rewrites = changed.reduce((sum, { findings }) => sum + findings.rewrites, 0);
  const byHand = [
    ...files.flatMap((file) => place(file, file.findings.byHand, isWritten)),
    ...left.map(({ file, text }) => `  ${file}\n    ${text}`),
  ];
  const next = nextSteps(changed, values, isWritten);
  if (files.length === 0 && left.length === 0)
    return "No use of Customer.io's SDK was found: there is nothing to change.";
  const verb = isWritten ? 'changed' : 'to change';
  const lines = [
    `${count(changed.length, 'file')} ${verb}, ${count(rewrites, 'rewrite')}, ${byHand.length} left to do by hand.`,
    ...(changed.length > 0 && !isWritten
      ? ['Nothing was written. Run the command again with --write to change the files.']
      : []),
    ...(byHand.length > 0 ? ['', 'To do by hand:', ...byHand] : []),
    ...(next.length > 0 ? ['', 'Next:', ...next] : []),
  ];
  return mask(files, lines.join('\n'));
}

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

/** Prints remarks with file and line, each once. */
function place(file: MigratedFile, remarks: readonly Remark[], isWritten: boolean): readonly string[] {
  const ordered = [...remarks].sort((one, other) => one.offset - other.offset);
  return [
    ...new Set(ordered.map(({ offset, text }) => `  ${placeOf(file, offset, isWritten)}\n    ${text}`)),
  ];
}

/** Returns file and line of an offset: in the old file, or in the new one when it is written. */
function placeOf({ file, before, findings }: MigratedFile, offset: number, isWritten: boolean): string {
  const earlier = isWritten ? orderEdits(findings.edits).filter(({ start }) => start < offset) : [];
  const text = applyEdits(
    before.slice(0, offset),
    earlier.filter(({ end }) => end <= offset),
  );
  // A remark about code that was replaced stands at the beginning of the new code.
  const hidden = earlier.find(({ end }) => end > offset);
  const lines =
    text.split('\n').length - (hidden ? before.slice(hidden.start, offset).split('\n').length - 1 : 0);
  return `${file}:${lines}`;
}

function nextSteps(
  changed: readonly MigratedFile[],
  { proxyUrl, clientKey }: NewValues,
  isWritten: boolean,
): readonly string[] {
  if (changed.length === 0) return [];
  const places = new Map<string, string>();
  for (const file of changed)
    for (const { offset, text } of file.findings.next)
      if (!places.has(text)) places.set(text, placeOf(file, offset, isWritten));
  return [
    `  Run a proxy at ${proxyUrl} that accepts the client key ${clientKey}: https://github.com/cio-first-party/cio-first-party/blob/main/docs/start/proxy-cli.md`,
    ...Array.from(places, ([text, at]) => `  ${at}\n    ${text}`),
  ];
}
