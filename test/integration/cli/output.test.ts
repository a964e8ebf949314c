// @vitest-environment node
/**
 * A log that cannot be written does not end the process: its reader has ended, its disk is full, or its pipe
 * is not read.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test, vi } from 'vitest';
import { listen } from '../../support/server/listen.ts';
import { ROOT } from './program.ts';

interface Proxy {
  readonly child: ChildProcess;
  readonly url: string;
}

async function start(stdout: 'pipe' | number): Promise<Proxy> {
  const { server, port } = await listen(createServer());
  server.close();
  await once(server, 'close');
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', 'proxy'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      CIO_WRITE_KEY: 'write-key',
      CIO_CLIENT_KEYS: 'web',
      HOST: '127.0.0.1',
      PORT: String(port),
    },
    stdio: ['ignore', stdout, 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await fetch(`${url}/v1/health`)).status).toBe(200), 15_000);
  return { child, url };
}

/** Sends requests without a key, each of which makes a log line. Their paths are long, as in attacks. */
async function ask(url: string, count: number): Promise<void> {
  const path = `/v1/batch?${'x'.repeat(100)}`;
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const response = await fetch(url + path, { method: 'DELETE', headers: { Origin: url } });
      await response.arrayBuffer();
      expect(response.status).toBe(405);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function stop({ child }: Proxy): Promise<void> {
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  const exited = once(child, 'exit');
  const told = performance.now();
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(performance.now() - told).toBeLessThan(5_000);
}

const residentMb = ({ child }: Proxy): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024;

test('keeps running when the reader of the log ends', async () => {
  const proxy = await start('pipe');
  proxy.child.stdout?.destroy();
  await ask(proxy.url, 200);
  await stop(proxy);
});

test('keeps running when the disk of the log is full', async () => {
  const full = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(full));
  const proxy = await start(full);
  await ask(proxy.url, 200);
  await stop(proxy);
});

test('keeps running when the readers of both streams end', async () => {
  const proxy = await start('pipe');
  proxy.child.stdout?.destroy();
  proxy.child.stderr?.destroy();
  await ask(proxy.url, 100);
  await stop(proxy);
});

test('buffers a limited number of bytes for a reader that stops reading, and reports how many lines are missing', async () => {
  const proxy = await start('pipe');
  await ask(proxy.url, 2_000);
  const before = residentMb(proxy);
  await ask(proxy.url, 20_000);
  // The heap of the process itself varies by some 30 MB.
  expect(residentMb(proxy) - before).toBeLessThan(60);
  const { stdout } = proxy.child;
  if (stdout === null) throw new Error('no stdout');
  let [written, lost] = [0, 0];
  createInterface(stdout).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const entry = JSON.parse(line) as { linesLost?: number; status?: number };
    if (entry.linesLost !== undefined) lost += entry.linesLost;
    else if (entry.status === 405) written += 1;
  });
  await vi.waitFor(() => expect(written + lost).toBe(22_000), 15_000);
  expect(lost).toBeGreaterThan(1_000);
  await ask(proxy.url, 10);
  await vi.waitFor(() => expect(written + lost).toBe(22_010), 15_000);
  await stop(proxy);
}, 90_000);

test('exits even if the reader has stopped reading', async () => {
  const proxy = await start('pipe');
  await ask(proxy.url, 4_000);
  await stop(proxy);
}, 60_000);
