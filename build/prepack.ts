/**
 * Runs before npm packs or publishes the package. Builds only when a file of `dist` is missing or older than the sources: a build
 * removes `dist` first, which would break tests that run at the same time.
 *
 * Everything is printed to stderr, because the stdout of `npm pack --json` is JSON.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { whyOutdated } from './outdated.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const reason = whyOutdated(ROOT);
if (reason !== null) {
  process.stderr.write(`Building first: ${reason}.\n`);
  const { status } = spawnSync('npm', ['run', 'build'], {
    cwd: ROOT,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  });
  process.exitCode = status ?? 1;
}
