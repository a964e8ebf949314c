/** The source files of this repository, and what each of them imports. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface Import {
  /**
   * The imported file, from the root of the folder that was read, such as `sdk/sender/sender.ts`, or the name
   * of a package.
   */
  readonly from: string;
  readonly onlyTypes: boolean;
  /** Whether the import is dynamic: `import()`. */
  readonly isLazy: boolean;
}

export interface Source {
  readonly file: string;
  /** The source text without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** @param folder the folder to read, from the root of the repository */
export function readSources(folder: string): readonly Source[] {
  const root = new URL(`../../${folder}`, import.meta.url).pathname;
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
    .sort()
    .map((file) => {
      const code = withoutComments(readFileSync(path.join(root, file), 'utf8'));
      return { file, code, imports: importsOf(file, code) };
    });
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

function importsOf(file: string, code: string): readonly Import[] {
  const found: Import[] = [];
  for (const [, words = '', from = ''] of code.matchAll(
    /(?:^|\n)\s*(?:import|export)\s([^;]*?)from\s*'([^']+)'/g,
  )) {
    const names = words
      .replace(/[{}]/g, '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    found.push({
      from: place(file, from),
      onlyTypes: words.startsWith('type ') || names.every((name) => name.startsWith('type ')),
      isLazy: false,
    });
  }
  for (const [, from = ''] of code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g))
    found.push({ from: place(file, from), onlyTypes: false, isLazy: true });
  return found;
}

const place = (file: string, from: string): string =>
  from.startsWith('.') ? path.join(path.dirname(file), from) : from;
