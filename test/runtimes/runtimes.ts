/** The runtimes of these tests, with their paths and versions. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { FOLDER } from './folder.ts';

export interface Runtime {
  readonly name: string;
  readonly command: string;
  /** Arguments before the file to run. */
  readonly args: readonly string[];
}

const require = createRequire(import.meta.url);

/** npm installs one package for each platform. `version`: `''` for the newest. */
function nodeOf(version: string): string {
  const platform = `${process.platform}-${process.arch}`;
  const names = [`node${version}-${platform}`, `node-bin${version}-${platform}`];
  for (const name of names) {
    try {
      return require.resolve(`${name}/bin/node`);
    } catch {
      // The next name is tried; without any, the function throws.
    }
  }
  throw new Error(`Node ${version || 'of the newest version'} was not installed for ${platform}`);
}

const bin = (name: string): string => `${FOLDER}node_modules/.bin/${name}`;

export const NODE: Runtime = { name: 'Node', command: process.execPath, args: [] };
export const NEWEST_NODE: Runtime = { name: 'the newest Node', command: nodeOf(''), args: [] };
/** All supported versions of Node: the one that runs the tests, and those that npm installs. */
export const NODES: readonly Runtime[] = [
  NODE,
  { name: 'Node 22', command: nodeOf('22'), args: [] },
  { name: 'Node 24', command: nodeOf('24'), args: [] },
  NEWEST_NODE,
];
export const BUN: Runtime = { name: 'Bun', command: bin('bun'), args: [] };
/** Only the named permissions are granted: no prompt, no download. */
export const deno = (...allowed: readonly string[]): Runtime => ({
  name: 'Deno',
  command: bin('deno'),
  args: ['run', '--no-prompt', '--cached-only', ...allowed],
});

/** Returns the version, such as `26.10.0`. */
export function versionOf({ command }: Runtime): string {
  const [version = ''] =
    /\d+\.\d+\.\d+/.exec(execFileSync(command, ['--version'], { encoding: 'utf8' })) ?? [];
  return version;
}
