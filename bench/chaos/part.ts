import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { isRunning, kill } from '../once/child.ts';

/** One process of the whole, which may be killed and started again. */
export interface Part {
  readonly name: string;
  readonly kind: 'proxy' | 'forwarder' | 'nats' | 'redis';
  /** SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const STARTS_MS = 30_000;

export interface Command {
  readonly name: string;
  readonly kind: 'proxy' | 'forwarder';
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Each line of its log. */
  onLine?(line: string): void;
}

/** A command of the command line, as it was built. It has started when it answers. */
export function createCommand({
  name,
  kind,
  port,
  environment,
  onLine,
}: Command): Part & { pid(): number | undefined } {
  let child: ChildProcess | undefined;
  return {
    name,
    kind,
    pid: () => child?.pid,
    async kill() {
      if (child) await kill(child);
    },
    async start() {
      const started = spawn(process.execPath, [CLI, kind === 'proxy' ? 'proxy' : 'forward'], {
        env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child = started;
      let rest = '';
      started.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine?.(line);
      });
      const giveUpAt = performance.now() + STARTS_MS;
      while (!(await answers(port))) {
        if (!isRunning(started) || performance.now() > giveUpAt) throw new Error(`${name} does not start`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/v1/health`)).ok;
  } catch {
    return false;
  }
}
