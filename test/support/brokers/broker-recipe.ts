/** Runs a recipe of the documentation for a message broker, unchanged, with the built proxy. */
import { mkdirSync } from 'node:fs';
import { build } from 'esbuild';
import type { CioProxy } from '../../../src/proxy.ts';
import { examples, ROOT } from '../docs/documentation.ts';

const FOLDER = `${ROOT}test/results/broker-recipes/`;
let loaded = 0;

export interface BrokerRecipe {
  readonly proxy: CioProxy;
}

/**
 * Loads the recipe that imports `library`. Each call loads a new copy of the module, as a new process would.
 */
export async function runRecipe<T extends BrokerRecipe>(library: string): Promise<T> {
  const code = examples('ts').find((each) => each.includes(`from '${library}'`));
  if (code === undefined) throw new Error(`The documentation has no recipe with ${library}`);
  mkdirSync(FOLDER, { recursive: true });
  loaded += 1;
  const outfile = `${FOLDER}${library.replace(/\W/g, '-')}-${process.pid}-${loaded}.mjs`;
  await build({
    stdin: { contents: code, loader: 'ts', resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    alias: { 'cio-first-party/proxy': `${ROOT}dist/proxy.js` },
    external: [library],
    outfile,
    logLevel: 'error',
  });
  return (await import(/* @vite-ignore */ outfile)) as T;
}
