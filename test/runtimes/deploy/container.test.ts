/**
 * The documentation's Containerfile: it builds, and its container runs as an unprivileged user, writes nothing, and
 * reports its health.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { ROOT } from '../../support/docs/documentation.ts';
import { CLIENT_KEY, event, WRITE_KEY } from '../../integration/proxy/setup.ts';
import { startUpstream } from '../../integration/proxy/upstream.ts';
import { buildImage, type Image } from './image.ts';
import { startProxy } from './proxy-process.ts';
import { recipe } from './recipe.ts';

const FILE = recipe('container/Containerfile');
const [, BASE = ''] = /^FROM (\S+)/.exec(FILE) ?? [];
const KEY_FILE = '/run/secrets/write-key';

let folder: string;
let image: Image;

beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/cio-container-`);
  const context = `${folder}/context`;
  await mkdir(context);
  await writeFile(`${context}/Containerfile`, FILE);
  // A package file replaces the registry from which the Containerfile installs.
  const [{ filename = '' } = {}] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as { filename?: string }[];
  const packed = await readFile(`${folder}/${filename}`);
  const registry = createServer((_, response) => void response.end(packed)).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  try {
    const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/${filename}`;
    const dependencies = { 'cio-first-party': url };
    const packages = {
      '': { dependencies },
      'node_modules/cio-first-party': { version: '0.1.0', resolved: url },
    };
    await writeFile(`${context}/package.json`, JSON.stringify({ private: true, dependencies }));
    await writeFile(
      `${context}/package-lock.json`,
      JSON.stringify({ lockfileVersion: 3, requires: true, packages }),
    );
    image = await buildImage(context, BASE, folder);
  } finally {
    registry.close();
  }
  await mkdir(`${image.root}/run/secrets`, { recursive: true });
  await writeFile(image.root + KEY_FILE, `${WRITE_KEY}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command in the container. Returns its output and exit code. */
async function inside(
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string }> {
  const child = image.run(command, env, ['ignore', 'pipe', 'pipe']);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const said = [child.stdout, child.stderr].flatMap((stream) => (stream ? [text(stream)] : []));
  return { code: (await exit)[0], out: (await Promise.all(said)).join('').trim() };
}

/** Runs Docker's HEALTHCHECK, which must have the form that needs no shell. */
const health = (env: Record<string, string>): Promise<{ code: number | null }> => {
  const [form, ...command] = image.config.Healthcheck.Test;
  expect(form).toBe('CMD');
  return inside(command, env);
};

test('both stages begin with the same pinned image', () => {
  expect([...FILE.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name)).toEqual([BASE, BASE]);
  expect(BASE).toMatch(/^node:\d+\.\d+\.\d+-/);
});

test('the user is not root, and the file system is read-only', async () => {
  expect(image.config.User).toBe('node');
  expect(await inside(['node', '-p', 'process.getuid()'])).toEqual({ code: 0, out: '1000' });
  expect((await inside(['node', '-e', "fs.writeFileSync('/tmp/x', '')"])).out).toContain('EROFS');
});

test('the image contains the package, and no build tools', async () => {
  const list = `fs.readdirSync('/app').concat(fs.readdirSync('/app/node_modules')).join()`;
  expect((await inside(['node', '-p', list])).out).toBe('node_modules,.package-lock.json,cio-first-party');
});

test("the container delivers, reports that it is healthy, and stops within Docker's time limit", async () => {
  const upstream = await startUpstream({ recordsChecks: false });
  const environment = {
    CIO_WRITE_KEY_FILE: KEY_FILE,
    CIO_CLIENT_KEYS: CLIENT_KEY,
    CIO_BASE_PATH: '/e',
    CIO_UPSTREAM_URL: upstream.url,
  };
  const { origin, child, stop } = await startProxy(
    (port) =>
      image.run(image.config.Cmd, { ...environment, PORT: String(port) }, ['ignore', 'ignore', 'inherit']),
    '/e/v1/health',
  );
  onTestFinished(stop);
  const answer = await fetch(`${origin}/e/v1/batch`, {
    method: 'POST',
    headers: { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' },
    body: JSON.stringify({ batch: [event()] }),
  });
  expect([answer.status, await answer.json()]).toEqual([200, { success: true }]);
  expect(upstream.received[0]?.headers.authorization).toBe(basicAuthorization(WRITE_KEY));
  expect((await fetch(`${origin}/e/cio.js`)).status).toBe(200);

  const { port } = new URL(origin);
  expect(await health({ ...environment, PORT: port })).toMatchObject({ code: 0 });
  // The check must request the path below which the proxy is mounted.
  expect(await health({ PORT: port })).toMatchObject({ code: 1 });

  expect(image.config.StopSignal).toBe('SIGTERM');
  // https://docs.docker.com/reference/cli/docker/container/stop/
  const killedAfterMs = 10_000;
  const [, graceMs] =
    image.config.Env.map((line) => line.split('=')).find(([name]) => name === 'CIO_STOP_TIMEOUT_MS') ?? [];
  expect(Number(graceMs)).toBeLessThan(killedAfterMs);
  const exit = once(child, 'exit');
  child.kill(image.config.StopSignal);
  expect(await exit).toEqual([0, null]);
  expect(await health({ ...environment, PORT: port })).toMatchObject({ code: 1 });
});
