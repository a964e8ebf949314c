import type fs from 'node:fs/promises';
import type { FileSource } from './serve-files.ts';

type FileSystem = Pick<typeof fs, 'readdir' | 'stat' | 'readFile'>;

/** For how long the folder and a file count as unchanged after they were read, in milliseconds. */
const FRESH_MS = 1_000;

interface KnownFile {
  /** Changes when the file is replaced; `''` while the file is being read for the first time. */
  readonly version: string;
  checkedAtMs: number;
  readonly bytes: Promise<Uint8Array>;
}

/**
 * Makes a source of the files in the same folder as a module. In a runtime without a file system it has no files. `moduleUrl`: the
 * module's `import.meta.url`.
 *
 * A file is read once. While requests arrive, the folder is listed at most once a second, and the `stat` of a requested file is
 * read at most once a second. So a file that a deployment replaces in place is served within a second. A request for a name that
 * the folder does not have costs no access to the disk, and no memory.
 */
export function filesBeside(moduleUrl: string | undefined): FileSource {
  const files = new Map<string, KnownFile>();
  let names: ReadonlySet<string> = new Set();
  let listedAtMs = -Infinity;
  let listing: Promise<void> | undefined;

  async function list(fs: FileSystem): Promise<void> {
    names = new Set(await fs.readdir(new URL('.', moduleUrl)));
    for (const name of files.keys()) if (!names.has(name)) files.delete(name);
  }

  async function hasName(fs: FileSystem, name: string): Promise<boolean> {
    const now = performance.now();
    if (now - listedAtMs > FRESH_MS) {
      listedAtMs = now;
      listing = list(fs);
    }
    await listing;
    return names.has(name);
  }

  async function versionOf(fs: FileSystem, url: URL): Promise<string> {
    const { mtimeMs, size, ino } = await fs.stat(url);
    return `${mtimeMs} ${size} ${ino}`;
  }

  async function check(fs: FileSystem, name: string, known: KnownFile | undefined): Promise<Uint8Array> {
    const url = new URL(name, moduleUrl);
    const version = await versionOf(fs, url);
    if (known?.version === version) return known.bytes;
    const bytes = await fs.readFile(url);
    files.set(name, { version, checkedAtMs: performance.now(), bytes: Promise.resolve(bytes) });
    return bytes;
  }

  /** The content of a file. @throws where the file cannot be read */
  function read(fs: FileSystem, name: string): Promise<Uint8Array> {
    const now = performance.now();
    const known = files.get(name);
    if (known && now - known.checkedAtMs <= FRESH_MS) return known.bytes;
    const bytes = check(fs, name, known);
    // While the file is checked, other requests get its previous content; while it is read for the first time, they wait for it.
    if (known) known.checkedAtMs = now;
    else {
      files.set(name, { version: '', checkedAtMs: now, bytes });
      bytes.catch(() => files.delete(name));
    }
    return bytes;
  }

  return async (name) => {
    try {
      // Not an import: bundlers for edge runtimes fail at the name of a `node:` module even where the import is never reached.
      const fs = process.getBuiltinModule('node:fs/promises');
      return (await hasName(fs, name)) ? await read(fs, name) : null;
    } catch {
      return null;
    }
  };
}
