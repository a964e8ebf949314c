/** Runs the command line from the sources, as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { startUpstream } from '../proxy/upstream.ts';

export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));

/** Starts the process, and ends it with the test if it has not ended before. */
function start(args: readonly string[], environment: Record<string, string>): ChildProcess {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

export async function run(
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = start(args, environment);
  const exit = once(child, 'exit') as Promise<[number]>;
  const [out, err] = await Promise.all([streamed(child.stdout), streamed(child.stderr)]);
  return { code: (await exit)[0], out, err };
}

const streamed = (stream: NodeJS.ReadableStream | null): Promise<string> =>
  stream ? text(stream) : Promise.resolve('');

/** Completes the variables of a proxy. A test without an upstream gets one, because each proxy checks its write key when it starts. */
async function proxyEnvironment(environment: Record<string, string>): Promise<Record<string, string>> {
  return {
    CIO_WRITE_KEY: 'write-key',
    CIO_CLIENT_KEYS: 'web',
    CIO_UPSTREAM_URL: environment['CIO_UPSTREAM_URL'] ?? (await startUpstream()).url,
    HOST: '127.0.0.1',
    PORT: '0',
    ...environment,
  };
}

/** Starts a proxy as an operator does. `before`: its log until it listens; `lines`: its later output. */
export async function startProxy(environment: Record<string, string>): Promise<{
  child: ChildProcess;
  url: string;
  before: readonly string[];
  lines: AsyncIterator<string>;
}> {
  const child = start(['proxy'], await proxyEnvironment(environment));
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const before: string[] = [];
  let line = String((await lines.next()).value);
  while (line.startsWith('{')) {
    before.push(line);
    line = String((await lines.next()).value);
  }
  const url = /http:\S+/.exec(line)?.[0] ?? '';
  expect(line).toBe(`The proxy listens on ${url}`);
  return { child, url, before, lines };
}

/** A process that runs until it is stopped, with all lines of its log. */
export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

/** Starts a proxy and collects its whole log. */
export async function startLoggedProxy(environment: Record<string, string>): Promise<Running> {
  const child = start(['proxy'], await proxyEnvironment(environment));
  return { child, ...(await listening(child, /^The proxy listens on (\S+)$/)) };
}

/** Starts a forwarder as an operator does. */
export async function startForwarder(environment: Record<string, string>): Promise<Running> {
  const child = start(['forward'], {
    CIO_WRITE_KEY: 'write-key',
    HOST: '127.0.0.1',
    PORT: '0',
    ...environment,
  });
  return { child, ...(await listening(child, /^The forwarder listens on (\S+)$/)) };
}

/** Collects the log until the process ends. Resolves when a line says that the process listens. */
async function listening(
  child: ChildProcess,
  pattern: RegExp,
): Promise<{ readonly url: string; readonly log: readonly Readonly<Record<string, unknown>>[] }> {
  const log: Readonly<Record<string, unknown>>[] = [];
  const { stdout } = child;
  if (stdout === null) throw new Error('no stdout');
  const url = new Promise<string>((resolve, reject) => {
    createInterface(stdout)
      .on('line', (line) => {
        const found = pattern.exec(line)?.[1];
        if (found !== undefined) resolve(found);
        else if (line.startsWith('{')) log.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
      })
      .on('close', () => reject(new Error('It ended before it listened')));
  });
  return { url: await url, log };
}
