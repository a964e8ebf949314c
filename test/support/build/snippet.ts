/** The output of `cio-first-party snippet`, from the built package. */
import { execFileSync } from 'node:child_process';
import { CLIENT_KEY } from '../docs/guide-proxies/index.ts';
import { ROOT } from '../docs/documentation.ts';

export function snippet(...more: readonly string[]): string {
  const args = ['snippet', '--proxy-url', '/e', '--client-key', CLIENT_KEY, ...more];
  return execFileSync(process.execPath, [`${ROOT}dist/cli.js`, ...args], { encoding: 'utf8' });
}
