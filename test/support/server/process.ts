/** Starts the servers of the tests, each as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  readonly origin: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs a TypeScript file of this repository that prints `{"listening": origin}` once it listens. */
export function startServer(
  file: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<ServerProcess> {
  return startProgram([process.execPath, '--import', 'tsx', file, ...args], env);
}

/** Runs a program of another kind that prints the same line. */
export async function startProgram(
  [command, ...args]: readonly [command: string, ...args: string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await exited;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const origin = listeningIn(line);
    if (!origin) continue;
    child.stdout.resume();
    return { origin, pid: child.pid ?? 0, stop };
  }
  throw new Error(`${[command, ...args].join(' ')} ended before it listened`);
}

function listeningIn(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  return (JSON.parse(line) as { listening?: string }).listening;
}
