/** A real nats-server with JetStream, as a process of its own, whose files outlive it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { listen } from '../server/listen.ts';
import { program } from '../setup/programs.ts';

export interface NatsServer {
  readonly url: string;
  /** SIGKILL: it cannot write anything any more. */
  kill(): Promise<void>;
  /** Again, at the same port and with the same files. */
  start(): Promise<void>;
  /** With its files. */
  remove(): Promise<void>;
}

/** `settings`: more of its arguments, such as `['--user', 'shop', '--pass', 'secret']`. */
export async function startNats(settings: readonly string[] = []): Promise<NatsServer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nats-'));
  const { server, port } = await listen(createServer());
  server.close();
  await once(server, 'close');
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const args = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder];
    const started = spawn(program('nats-server'), [...args, ...settings], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    for await (const line of createInterface({ input: started.stderr })) {
      if (!line.includes('Server is ready')) continue;
      started.stderr.resume();
      return;
    }
    throw new Error('nats-server ended before it listened');
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    kill,
    start,
    async remove() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
