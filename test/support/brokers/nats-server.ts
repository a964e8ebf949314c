/** A real nats-server with JetStream, as a process of its own. Its files stay when the process ends. */
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
  /** Kills the server with SIGKILL: the server cannot write anything more. */
  kill(): Promise<void>;
  /** Starts the server again on the same port, with the same files. */
  start(): Promise<void>;
  /** Ends the server and deletes its files. */
  remove(): Promise<void>;
}

/** @param settings more command-line arguments, such as `['--user', 'shop', '--pass', 'secret']` */
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
