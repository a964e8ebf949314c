/**
 * The long proof of exactly-once delivery, in a short form: built copies of the proxy share a Redis, and are
 * killed while responses are lost.
 */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT } from '../support/docs/documentation.ts';

const EVENTS = 20_000;

test('every event arrives, and an event arrives twice only for a known reason', () => {
  const args = [`--events=${EVENTS}`, '--rate=2000', '--clients=24', '--kill-every=2500', '--minutes=3'];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'bench/once/main.ts', ...args],
    { cwd: ROOT, encoding: 'utf8' },
  );
  expect(status, stdout + stderr).toBe(0);
  const count = (name: string): number =>
    Number(new RegExp(`^${name} +(\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  expect(count('events')).toBe(EVENTS);
  expect(count('lost')).toBe(0);
  expect(count('… for no reason')).toBe(0);
  expect(count('requests whose answer was cut off')).toBeGreaterThan(20);
  expect(count('copies killed')).toBeGreaterThan(0);
}, 240_000);
