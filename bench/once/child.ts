import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A TypeScript file of this folder, as a process that ends with this one. */
export function startChild(file: string, args: readonly (string | number)[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

export const isRunning = (child: ChildProcess): boolean =>
  child.exitCode === null && child.signalCode === null;

/** SIGKILL: it cannot do anything any more. */
export async function kill(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** The next thing that a child says. @throws when it ends instead */
export function nextOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(new Error(`${child.spawnargs.join(' ')} has ended`));
    child.once('exit', end);
    child.once('message', (message: unknown) => {
      child.off('exit', end);
      resolve(message);
    });
  });
}
