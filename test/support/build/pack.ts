/** Packs the built package as npm publishes it. */
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ROOT } from '../docs/documentation.ts';

/** Packs `dist` into this folder, and returns the path of the tarball. */
export async function packInto(folder: string): Promise<string> {
  // Without `prepack`: it would build when a source file has changed, and remove `dist` below the other tests.
  await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    shell: process.platform === 'win32',
  });
  return `${folder}/${(await readdir(folder)).find((name) => name.endsWith('.tgz'))}`;
}
