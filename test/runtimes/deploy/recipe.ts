/** The recipes of the README, as files, and what a test must change in them: addresses, ports and paths of its own. */
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { FOLDER } from '../folder.ts';

export const RECIPES = `${FOLDER}deploy/recipes/`;

export const recipe = (file: string): string => readFileSync(RECIPES + file, 'utf8');

/** @throws where something to change is not there: then another recipe would be run than is printed */
export function changed(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`The recipe has no "${from}"`);
    return result.replaceAll(from, () => to);
  }, text);
}

/** A folder for one test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cio-deploy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A project with that recipe in it, and this package installed. */
export async function project(name: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(RECIPES + name, folder, { recursive: true });
  await symlink(`${FOLDER}node_modules`, path.join(folder, 'node_modules'));
  return folder;
}

/** `NAME=value`, a line each, as systemd and Docker read them. */
export const variablesIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
