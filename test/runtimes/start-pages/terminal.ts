/** The terminals of a reader: runs command lines in a shell, and stops the servers that the lines have started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface Terminal {
  /** The folder in which the next line runs: `cd` changes it. */
  readonly folder: () => string;
  /** Runs a line, and resolves with its output when it has ended with exit code 0. */
  run(line: string): Promise<string>;
  /** Runs a line, and resolves with its output when the output has all these texts, or the process has ended. */
  start(line: string, texts: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Removes colours, and makes one space of each white space: tools align their output. */
export const plain = (output: string): string =>
  // oxlint-disable-next-line no-control-regex -- the escape character begins each colour
  output.replaceAll(/\u001B\[[\d;]*m/g, '').replaceAll(/\s+/g, ' ');

/** The folder after a line: each `cd` of the line leads into it. */
const folderAfter = (folder: string, line: string): string =>
  [...line.matchAll(/(?:^|&& )cd (\S+)/g)].reduce((from, [, to = '.']) => path.resolve(from, to), folder);

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  process.kill(-child.pid, 'SIGKILL');
  await exited;
}

/** No command of a tutorial takes longer. A command that waits for an answer of the reader ends here. */
const MOST_COMMAND_MS = 150_000;

export function openTerminal(start: string, env: NodeJS.ProcessEnv): Terminal {
  let folder = start;
  const processes: ChildProcess[] = [];

  /** Resolves when `isDone` accepts the output, or the process ends with 0. Rejects when the process ends with another code. */
  async function execute(line: string, isDone: (output: string) => boolean): Promise<string> {
    const child = spawn('sh', ['-c', line], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, with all processes that the line starts
    });
    processes.push(child);
    let output = '';
    let timer: NodeJS.Timeout | undefined;
    const done = new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => reject(new Error(`"${line}" ${what}:\n${output}`));
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => {
          output += text.toString();
          if (isDone(plain(output))) resolve();
        });
      child.once('error', reject);
      child.once('close', (code) => (code === 0 ? resolve() : fail(`ended with ${code}`)));
      timer = setTimeout(() => fail(`has not ended after ${MOST_COMMAND_MS} ms`), MOST_COMMAND_MS);
    });
    await done.finally(() => clearTimeout(timer));
    folder = folderAfter(folder, line);
    return output;
  }

  return {
    folder: () => folder,
    run: (line) => execute(line, () => false),
    start: (line, texts) => execute(line, (output) => texts.every((text) => output.includes(plain(text)))),
    stop: async () => void (await Promise.all(processes.map(stopGroup))),
  };
}
