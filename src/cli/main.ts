#!/usr/bin/env node
import { createRequire } from 'node:module';
import { refuseNodeVersion } from './process/node-version.ts';

// The package imports itself by name: this resolves to the same file from the sources and from `dist`.
const { engines, version } = createRequire(import.meta.url)('cio-first-party/package.json') as {
  readonly engines: { readonly node: string };
  readonly version: string;
};
const refusal = refuseNodeVersion(process.versions.node, engines.node);
if (refusal === undefined) {
  // Loaded only now: an older Node cannot load the other files, because some of their imports are missing in it.
  void import('./program.ts').then(({ run }) => run(process.argv.slice(2), version));
} else {
  console.error(refusal);
  process.exitCode = 2;
}
