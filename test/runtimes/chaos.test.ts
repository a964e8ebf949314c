/** The two long proofs with a broker, in a short form, with the built command line. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT } from '../support/docs/documentation.ts';

function run(
  file: string,
  args: readonly string[],
): { readonly stdout: string; readonly status: number | null } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
  return { status, stdout };
}

test('no event is lost when random processes are killed while Customer.io is down', () => {
  const events = 12_000;
  const args = [
    '--seed=7',
    `--events=${events}`,
    '--rate=800',
    '--kill-every=1000',
    '--away=4',
    '--minutes=4',
  ];
  const { stdout } = run('bench/chaos/main.ts', args);
  const count = (name: string): number =>
    Number(new RegExp(`^${name} +(\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  expect(count('events whose batch was answered 200')).toBe(events);
  expect(count('lost')).toBe(0);
  expect(count('… for no reason')).toBe(0);
  const kills = ['nodes of NATS', 'proxies', 'forwarders', 'Redis'].map((name) => count(`${name} killed`));
  expect(kills.reduce((sum, each) => sum + each)).toBeGreaterThan(2);
}, 400_000);

test('a cluster that loses its quorum and gets it back, with few requests, loses no confirmed event', () => {
  const { stdout } = run('bench/chaos/quorum.ts', ['2']);
  expect(stdout).toMatch(/nats-server: v[\d.]+: 6 confirmed, \d arrived, 6 after a replay, 0 lost/);
}, 300_000);
