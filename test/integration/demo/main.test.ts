// @vitest-environment node
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';

const running: ChildProcess[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

function run(env: Record<string, string>): ChildProcess {
  const file = fileURLToPath(new URL('../../../demo/pipelines/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], { env: { ...process.env, ...env } });
  running.push(child);
  return child;
}

test('the stand-in runs alone, prints its URL in one line of JSON, and exits cleanly', async () => {
  const child = run({ PORT: '0', WRITE_KEY: 'k' });
  const [line] = (await once(child.stdout ?? process.stdin, 'data')) as [Buffer];
  const { listening } = JSON.parse(line.toString()) as { listening: string };
  expect(listening).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const headers = { Authorization: `Basic ${btoa('k:')}`, 'X-Strict-Mode': '1' };
  const body = JSON.stringify({ userId: 'u', event: 'x' });
  expect((await fetch(`${listening}/v1/track`, { method: 'POST', headers, body })).status).toBe(200);
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('the stand-in reports that its port is taken', async () => {
  const first = run({ PORT: '0' });
  const [line] = (await once(first.stdout ?? process.stdin, 'data')) as [Buffer];
  const { listening } = JSON.parse(line.toString()) as { listening: string };
  const second = run({ PORT: new URL(listening).port });
  const [words] = (await once(second.stderr ?? process.stdin, 'data')) as [Buffer];
  expect(words.toString()).toContain('already in use');
  const [code] = (await once(second, 'exit')) as [number];
  expect(code).toBe(1);
});
