import path from 'node:path';
import type { Plugin } from 'rollup';
import { BUILT_FILES } from './files.ts';

const LAZY_FILES: ReadonlyMap<string, string> = new Map(
  BUILT_FILES.filter(({ kind }) => kind.endsWith('-lazy')).map(({ entry, file }) => [
    path.resolve(entry),
    `./${file}`,
  ]),
);

/**
 * Leaves `import()` of a lazy file as an import of the built file beside the one that loads it: the lazy files are the same for
 * all builds, and each is self-contained.
 *
 * @param isClassic in a classic script `import()` resolves against the page, so that the intro of cio.js has its own loader
 */
export function lazyFiles(isClassic: boolean): Plugin {
  const files = new Set(LAZY_FILES.values());
  return {
    name: 'lazy-files',
    resolveDynamicImport(specifier, importer) {
      if (typeof specifier !== 'string') return null;
      const id = LAZY_FILES.get(path.resolve(path.dirname(importer), specifier));
      return id === undefined ? null : { id, external: true };
    },
    renderDynamicImport: ({ targetModuleId }) =>
      isClassic && targetModuleId && files.has(targetModuleId) ? { left: 'cioImport(', right: ')' } : null,
  };
}
