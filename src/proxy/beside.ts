import type { FileSource } from './files.ts';

/**
 * Reads files that lie beside a module, where the runtime has a file system; elsewhere there are none. `moduleUrl`: the
 * module's `import.meta.url`.
 */
export function filesBeside(moduleUrl: string | undefined): FileSource {
  return async (name) => {
    try {
      // Not an import: bundlers for the edge would stop at a `node:` name even where it is never reached.
      const { readFile } = process.getBuiltinModule('node:fs/promises');
      return await readFile(new URL(name, moduleUrl));
    } catch {
      return null;
    }
  };
}
