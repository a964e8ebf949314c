/** The runtimes that are run, where each is, and its version. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { FOLDER } from './folder.ts';

export interface Runtime {
  readonly name: string;
  readonly command: string;
  /** Before the file that it runs. */
  readonly args: readonly string[];
}

const require = createRequire(import.meta.url);

/** npm brings one package a platform. */
function newestNode(): string {
  const names = [`node-${process.platform}-${process.arch}`, `node-bin-${process.platform}-${process.arch}`];
  for (const name of names) {
    try {
      return require.resolve(`${name}/bin/node`);
    } catch {
      // The other name, or none: then the test says so.
    }
  }
  throw new Error(`No newer Node was installed for ${process.platform} ${process.arch}`);
}

const bin = (name: string): string => `${FOLDER}node_modules/.bin/${name}`;

export const NODE: Runtime = { name: 'Node', command: process.execPath, args: [] };
export const NEWEST_NODE: Runtime = { name: 'the newest Node', command: newestNode(), args: [] };
export const BUN: Runtime = { name: 'Bun', command: bin('bun'), args: [] };
/** Nothing is allowed but what is named: no prompt, no download. */
export const deno = (...allowed: readonly string[]): Runtime => ({
  name: 'Deno',
  command: bin('deno'),
  args: ['run', '--no-prompt', '--cached-only', ...allowed],
});

/** `26.10.0` */
export function versionOf({ command }: Runtime): string {
  const [version = ''] =
    /\d+\.\d+\.\d+/.exec(execFileSync(command, ['--version'], { encoding: 'utf8' })) ?? [];
  return version;
}
