/** The apps of `test/apps`, one for each framework, and their own servers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listen } from '../server/listen.ts';
import type { ServerProcess } from '../server/process.ts';

/** The folder with the packages that the apps share, which have a lock file of their own. */
export const APPS: string = fileURLToPath(new URL('../../apps/', import.meta.url));
export const MODULES: string = path.join(APPS, 'node_modules');
const START_MS = 60_000;

export type AppName = 'next' | 'react-router' | 'sveltekit' | 'vue-router';

interface Tool {
  readonly script: string;
  readonly build: readonly string[];
  /** The command of the server: without `dev` for the built app, with `dev` for the sources. */
  readonly start: (port: string) => readonly string[];
  readonly dev: (port: string) => readonly string[];
}

const VITE: Tool = {
  script: 'vite/bin/vite.js',
  build: ['build'],
  start: (port) => ['preview', '--port', port, '--strictPort', '--host', '127.0.0.1'],
  dev: (port) => ['--port', port, '--strictPort', '--host', '127.0.0.1'],
};

export const TOOLS: Readonly<Record<AppName, Tool>> = {
  next: {
    script: 'next/dist/bin/next',
    build: ['build'],
    start: (port) => ['start', '-p', port, '-H', '127.0.0.1'],
    dev: (port) => ['dev', '-p', port, '-H', '127.0.0.1'],
  },
  'react-router': VITE,
  sveltekit: VITE,
  'vue-router': VITE,
};

/** The environment without the variables that a test runner sets. */
export const ENV: NodeJS.ProcessEnv = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: undefined };

export const APP_NAMES: readonly AppName[] = ['next', 'react-router', 'sveltekit', 'vue-router'];

export const appFolder = (name: AppName): string => path.join(APPS, name);

/**
 * Starts the app's own server, as a process, on a free port. With `dev` the server serves the sources,
 * otherwise the built app.
 */
export async function startApp(
  name: AppName,
  way: 'start' | 'dev' = 'start',
  folder: string = appFolder(name),
): Promise<ServerProcess> {
  const { server, port } = await listen(createServer());
  server.close();
  const { script, ...tool } = TOOLS[name];
  const child = spawn(process.execPath, [path.join(MODULES, script), ...tool[way](String(port))], {
    cwd: folder,
    env: ENV,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const kill = (): unknown => child.kill();
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    kill();
    process.off('exit', kill);
    await exited;
  };
  const origin = `http://127.0.0.1:${port}`;
  for (let waitedMs = 0; waitedMs < START_MS && child.exitCode === null; waitedMs += 50) {
    const answer = await fetch(origin).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return { origin, pid: child.pid ?? 0, stop };
    await delay(50);
  }
  await stop();
  throw new Error(`${name} does not answer: has test/support/build/build-apps.ts run?`);
}

/** Copies the app, so that a test can change its files. `remove` deletes the copy. */
export function copyApp(name: AppName): { readonly folder: string; remove(): void } {
  mkdirSync(path.join(APPS, 'dist'), { recursive: true });
  const folder = mkdtempSync(path.join(APPS, 'dist', `${name}-`));
  cpSync(appFolder(name), folder, { recursive: true, filter: (file) => path.basename(file) !== 'dist' });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
