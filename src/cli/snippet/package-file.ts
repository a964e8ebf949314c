import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Reads a file that the package contains. */
export function packageFile(name: string): Buffer {
  // The package imports itself by name: this resolves to the same file from the sources and from `dist`.
  const script = createRequire(import.meta.url).resolve('cio-first-party/cio.js');
  return readFileSync(script.replace(/cio\.js$/, name));
}
