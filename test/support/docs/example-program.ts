/** Runs programs of the documentation, unchanged, each as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { examples, ROOT } from './documentation.ts';

/**
 * Runs the one program of the documentation that contains `part`, in a folder from which Node resolves this package
 * by its name. The process ends with the test.
 */
export function runExample(part: string, env: Readonly<Record<string, string>>): ChildProcess {
  const found = examples('ts').filter((code) => code.includes(part));
  expect(found, part).toHaveLength(1);
  const folder = `${ROOT}test/results/programs/`;
  const file = `${folder}${part.replace(/\W+/g, '-')}.ts`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, found[0] ?? '');
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(() => kill(child));
  return child;
}

/** Kills the process with SIGKILL, unless it has ended already. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
