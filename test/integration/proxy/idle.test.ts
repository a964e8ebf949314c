// @vitest-environment node
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../cli/program.ts';

/**
 * A proxy with every option on, whose upstream fails and whose limits are reached; then no more requests
 * arrive.
 */
const PROGRAM = `
  import { createProxy } from './src/proxy.ts';
  const proxy = createProxy({
    writeKey: 'key',
    clientKeys: ['web'],
    rateLimit: { perKey: 4, perAddress: 4, windowMs: 3_600_000 },
    upstream: { pauseMs: 3_600_000, breakAfter: 2, retries: 1 },
    deduplicate: { windowMs: 3_600_000 },
    correctClock: true,
    metrics: '/metrics',
    filter: () => true,
    timeoutMs: 3_600_000,
    fetch: async () => { throw new TypeError('refused'); },
  });
  const statuses = [];
  const send = async (i) => {
    const response = await proxy.fetch(new Request('http://proxy/v1/batch', {
      method: 'POST',
      headers: { Authorization: 'Basic ' + btoa('web:'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ batch: [{ type: 'track', event: 'x', messageId: 'm' + i, anonymousId: 'a' }] }),
    }));
    statuses.push(response.status);
  };
  for (let i = 0; i < 5; i += 1) await send(i);
  const last = send(5);
  await proxy.close({ timeoutMs: 3_600_000 });
  await last;
  console.log(statuses.join());
`;

test('an idle proxy has no timer: its process ends by itself', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exit = once(child, 'exit') as Promise<[number]>;
  expect((await text(child.stdout)).trim()).toBe('503,503,503,503,429,429');
  expect((await exit)[0]).toBe(0);
});
