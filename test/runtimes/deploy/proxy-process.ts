/** Starts the proxy as the recipes do: the command line of the built package, as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { FOLDER } from '../folder.ts';
import { answering, onFreePort, type RunningServer, stop } from '../process.ts';

export const CLI = `${FOLDER}node_modules/cio-first-party/dist/cli.js`;

/** Starts a program that listens on this port. */
export type Start = (port: number) => ChildProcess;

/** Resolves when the proxy's health check succeeds. */
export const startProxy = (
  start: Start,
  healthPath: string,
): Promise<RunningServer & { readonly child: ChildProcess }> => {
  let child: ChildProcess;
  return onFreePort(async (port) => {
    child = start(port);
    const origin = `http://127.0.0.1:${port}`;
    await answering(origin, healthPath, child);
    return { origin, stop: () => stop(child) };
  }).then((server) => ({ ...server, child }));
};

/** Runs the command line with this environment only. */
export const runCli = (environment: Readonly<Record<string, string>>): ReturnType<typeof startProxy> =>
  startProxy(
    (port) =>
      spawn(process.execPath, [CLI, 'proxy'], {
        env: { ...environment, PORT: String(port) },
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    `${environment['CIO_BASE_PATH'] ?? ''}/v1/health`,
  );

/** Resolves when a program listens on the port. @throws when the process has ended before */
export async function listening(port: number, child: ChildProcess): Promise<void> {
  while (!(await connects(port))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`It has ended with ${child.exitCode ?? child.signalCode}`);
    await wait(20);
  }
}

const connects = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
