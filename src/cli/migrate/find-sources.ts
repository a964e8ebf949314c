import { type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isSource } from './script-blocks.ts';

/** Folders with code that other programs have written. */
const SKIPPED = new Set([
  'node_modules',
  'bower_components',
  'dist',
  'build',
  'out',
  'coverage',
  '__pycache__',
]);

/** A file or a folder that could not be read or written. */
export interface LeftPlace {
  readonly file: string;
  /** The reason, as a sentence. */
  readonly text: string;
}

/** Describes an error of the file system. `verb`: what failed, `read` or `written`. */
export const leftPlace = (file: string, verb: 'read' | 'written', error: unknown): LeftPlace => ({
  file,
  text: `This place cannot be ${verb}: ${error instanceof Error ? error.message : String(error)}`,
});

/** Lists the sources and the `package.json` files below a folder, in alphabetical order. Links are not followed. */
export async function findSources(
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly left: readonly LeftPlace[] }> {
  const files: string[] = [];
  const left: LeftPlace[] = [];
  const visit = async (below: string): Promise<void> => {
    let entries: Dirent[];
    try {
      entries = await readdir(path.join(folder, below), { withFileTypes: true });
    } catch (error) {
      left.push(leftPlace(below || '.', 'read', error));
      return;
    }
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const file = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name) && !entry.name.startsWith('.')) await visit(file);
      } else if (entry.isFile() && (isSource(entry.name) || entry.name === 'package.json')) files.push(file);
    }
  };
  await visit('');
  return { files, left };
}
