/**
 * Starts servers that do not print their port: the test chooses the port, and sends requests until the server
 * responds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProxyOptions } from '../../src/proxy.ts';
import { freePort } from '../support/server/listen.ts';
import { FOLDER } from './folder.ts';
import type { Runtime } from './runtimes.ts';

/** The options of the proxy that fit into an environment variable. */
export type PlainOptions = { readonly [Name in keyof ProxyOptions]?: unknown };

export interface RunningServer {
  readonly origin: string;
  stop(): Promise<void>;
}

const PATIENCE_MS = 2_000;

/** Sends SIGTERM. Some servers wait for open connections that no client closes. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await exited;
  clearTimeout(killing);
}

/**
 * Resolves when the server responds. If the server does not respond, or reports an error, its process is
 * stopped.
 */
export async function answering(origin: string, path: string, child: ChildProcess): Promise<void> {
  for (;;) {
    const status = await fetch(origin + path).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    if (status !== 0 || child.exitCode !== null) {
      await stop(child);
      throw new Error(`It does not work: it answered ${status}, or ended with ${child.exitCode}`);
    }
    await wait(20);
  }
}

const MOST_TRIES = 5;

/**
 * A free port may be taken by another process before the server listens on it; then the start is repeated
 * with another port.
 */
export async function onFreePort(start: (port: number) => Promise<RunningServer>): Promise<RunningServer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
  }
}

export const run = (
  { command, args }: Pick<Runtime, 'command' | 'args'>,
  file: readonly string[],
  options: PlainOptions,
): Promise<RunningServer> =>
  onFreePort(async (port) => {
    const child = spawn(command, [...args, ...file], {
      cwd: FOLDER,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        PORT: String(port),
        PROXY_OPTIONS: JSON.stringify(options),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const origin = `http://127.0.0.1:${port}`;
    await answering(origin, `${String(options.basePath)}/v1/health`, child);
    return { origin, stop: () => stop(child) };
  });
