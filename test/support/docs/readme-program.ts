/** Programs of the README, as they stand, each as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import { examples, ROOT } from './readme.ts';

/** Runs the one program that has this in it, where Node finds this package by its own name. It ends with the test. */
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

/** SIGKILL, where it has not ended yet. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
