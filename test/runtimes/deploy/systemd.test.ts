/** The documentation's systemd unit: systemd accepts it, and the service starts and stops as the unit says. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { VARIABLES } from '../../../src/cli/settings/variables.ts';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { program } from '../../support/setup/programs.ts';
import { CLIENT_KEY, event, WRITE_KEY } from '../../integration/proxy/setup.ts';
import { startUpstream } from '../../integration/proxy/upstream.ts';
import { CLI, startProxy } from './proxy-process.ts';
import { changed, recipe, temporaryFolder, variablesIn } from './recipe.ts';

const UNIT = recipe('systemd/cio-first-party.service');
const INSTALLED = '/opt/cio-first-party/node_modules/cio-first-party/dist/cli.js';

/** All values of a setting, in order. */
const settings = (name: string): readonly string[] =>
  [...UNIT.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
const setting = (name: string): string => settings(name)[0] ?? `no ${name}`;

/** Writes the unit as a file, with the paths of this machine. */
async function unitFile(): Promise<string> {
  const file = `${await temporaryFolder()}/cio-first-party.service`;
  await writeFile(file, changed(UNIT, { '/usr/bin/node': process.execPath, [INSTALLED]: CLI }));
  return file;
}

test('systemd accepts the unit without a warning', async () => {
  const { stdout, stderr, status } = spawnSync(program('systemd-analyze'), ['verify', await unitFile()], {
    encoding: 'utf8',
  });
  expect([stdout + stderr, status]).toEqual(['', 0]);
});

test('systemd reports a low exposure level', async () => {
  // The exposure level goes to 10, and the option takes tenths. The remaining exposure is the network, and
  // code that V8 generates while it runs.
  const args = ['security', '--offline=true', '--threshold=15', await unitFile()];
  const { stdout, status } = spawnSync(program('systemd-analyze'), args, { encoding: 'utf8' });
  expect(stdout).toMatch(/exposure level for cio-first-party\.service: 1\.\d OK/);
  expect(status).toBe(0);
});

test("the stop timeout is longer than the proxy's grace period", () => {
  const graceMs = Number(VARIABLES['CIO_STOP_TIMEOUT_MS']?.preset);
  expect(Number(setting('TimeoutStopSec')) * 1_000).toBeGreaterThan(graceMs);
});

test('the service delivers with the key of its credential, and SIGTERM ends it with exit code 0', async () => {
  const upstream = await startUpstream({ recordsChecks: false });
  const [host, credentials] = [await temporaryFolder(), await temporaryFolder()];
  await writeFile(`${host}/write-key`, `${WRITE_KEY}\n`);
  const [name = '', from = ''] = setting('LoadCredential').split(':');
  expect([name, from]).toEqual(['write-key', '/etc/cio-first-party/write-key']);
  await copyFile(`${host}/${from.split('/').at(-1)}`, `${credentials}/${name}`);
  // `%d` is the folder of the credentials.
  // https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Specifiers
  const own = setting('Environment').replaceAll('%d', credentials).split(' ').join('\n');
  expect(setting('EnvironmentFile')).toBe('/etc/cio-first-party/env');
  const environment = { ...variablesIn(own), ...variablesIn(recipe('systemd/env')) };
  const [command = '', ...args] = changed(setting('ExecStart'), {
    '/usr/bin/node': process.execPath,
    [INSTALLED]: CLI,
  }).split(' ');

  const { origin, child, stop } = await startProxy(
    (port) =>
      spawn(command, args, {
        env: { ...environment, PORT: String(port), CIO_UPSTREAM_URL: upstream.url },
        stdio: ['ignore', 'ignore', 'inherit'],
      }),
    '/e/v1/health',
  );
  onTestFinished(stop);
  const answer = await fetch(`${origin}/e/v1/batch`, {
    method: 'POST',
    headers: {
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json',
      'X-Real-IP': '203.0.113.7',
    },
    body: JSON.stringify({ batch: [event()] }),
  });
  expect([answer.status, await answer.json()]).toEqual([200, { success: true }]);
  expect(upstream.received[0]).toMatchObject({
    headers: { authorization: basicAuthorization(WRITE_KEY) },
    body: { batch: [{ context: { ip: '203.0.113.7' } }] },
  });
  // The proxy keeps an idle connection open for longer than the web server in front of it does.
  expect(answer.headers.get('Keep-Alive')).toBe('timeout=75');

  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});
