/** A real redis-server that writes nothing to disk, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { listen } from '../server/listen.ts';
import { program } from '../setup/programs.ts';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Kills the server with SIGKILL: its data is lost. */
  kill(): Promise<void>;
  /** Starts the server again on the same port, without data. */
  start(): Promise<void>;
  /** Stops the process (SIGSTOP): its connections stay open, but it responds to nothing. */
  freeze(): void;
  thaw(): void;
  /** Ends the server and deletes its folder. */
  remove(): Promise<void>;
}

/** @param settings more arguments of its configuration, such as `['--requirepass', 'secret']` */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'redis-'));
  const { server, port } = await listen(createServer());
  server.close();
  await once(server, 'close');
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const network = ['--bind', '127.0.0.1', '--port', String(port)];
    const memory = ['--save', '', '--appendonly', 'no', '--dir', folder];
    const started = spawn(program('redis-server'), [...network, ...memory, ...settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    for await (const line of createInterface({ input: started.stdout })) {
      if (!line.includes('Ready to accept connections')) continue;
      started.stdout.resume();
      return;
    }
    throw new Error('redis-server ended before it listened');
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async remove() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
