/** The blocks of code of a page of the documentation. */
import { execFileSync } from 'node:child_process';
import { examples, pageText, ROOT } from './documentation.ts';

/** Returns the blocks of a page in this language, in their order. */
export const blocksOf = (page: string, language: string): readonly string[] =>
  examples(language, pageText(page)).map((code) => code.trim());

/** Runs a printed command line `npx cio-first-party …` from the built package. `replaced`: texts that a reader would replace. */
export function runPrinted(line = '', replaced: Readonly<Record<string, string>> = {}): string {
  const [npx, name, ...args] = line.replace(/ > \S+$/, '').split(' ');
  if (npx !== 'npx' || name !== 'cio-first-party') throw new Error(`No command of this package: ${line}`);
  return execFileSync(process.execPath, [`${ROOT}dist/cli.js`, ...args.map((arg) => replaced[arg] ?? arg)], {
    encoding: 'utf8',
  });
}
