/**
 * The recipes of the documentation, as files, and the changes that a test must make in them: other addresses, ports
 * and paths.
 */
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { FOLDER } from '../folder.ts';

export const RECIPES = `${FOLDER}deploy/recipes/`;

export const recipe = (file: string): string => readFileSync(RECIPES + file, 'utf8');

/**
 * @throws when a text to change is missing: otherwise the test would run another recipe than the documentation
 * prints
 */
export function changed(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`The recipe has no "${from}"`);
    return result.replaceAll(from, () => to);
  }, text);
}

/** Makes a folder for one test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cio-deploy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes a project that contains this recipe and has this package installed. */
export async function project(name: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(RECIPES + name, folder, { recursive: true });
  await symlink(`${FOLDER}node_modules`, path.join(folder, 'node_modules'));
  return folder;
}

/** Reads `NAME=value` lines, as systemd and Docker do. */
export const variablesIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => /^\w+=/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
