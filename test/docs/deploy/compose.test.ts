// @vitest-environment node
/**
 * Runs the services of `compose.yaml` as processes on this machine, with the same commands, variables and
 * configuration.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { listen } from '../../support/server/listen.ts';
import { program } from '../../support/setup/programs.ts';
import { ROOT } from '../../integration/cli/program.ts';
import { startUpstream, type Upstream } from '../../integration/proxy/upstream.ts';
import { type Compose, readCompose, readDeployed } from './files.ts';

const WAIT = { timeout: 60_000, interval: 200 };
const PASSWORD = 'sesame-open';
const HEADERS = {
  Authorization: basicAuthorization('client-api-key-web'),
  'Content-Type': 'application/json',
};

/** Each `host:port` of the compose network, with its port on this machine. */
type Places = ReadonlyMap<string, number>;

interface Stack {
  readonly compose: Compose;
  readonly places: Places;
  readonly upstream: Upstream;
  start(name: string): ChildProcess;
  kill(name: string): Promise<void>;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(createServer())));
  for (const { server } of servers) {
    server.close();
    await once(server, 'close');
  }
  return servers.map(({ port }) => port);
}

/** Replaces host names by ports of this machine. */
function localized(text: string, places: Places): string {
  let result = text;
  for (const [place, port] of places) result = result.replaceAll(place, `127.0.0.1:${port}`);
  return result;
}

async function prepare(): Promise<Stack> {
  const compose = readCompose();
  const upstream = await startUpstream({ recordsChecks: false });
  const folder = mkdtempSync(path.join(tmpdir(), 'deploy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const names = Object.keys(compose.services);
  const wanted = names.flatMap((name) => {
    if (name.startsWith('nats')) return [`${name}:4222`, `${name}:6222`, `${name}:8222`];
    return [`${name}:${name === 'redis' ? 6379 : 8080}`];
  });
  const ports = await freePorts(wanted.length);
  const places: Places = new Map(wanted.map((place, i) => [place, ports[i] ?? 0]));
  const portOf = (place: string): number => places.get(place) ?? 0;

  mkdirSync(path.join(folder, 'secrets'));
  const secrets = {
    'write-key': 'write-key',
    'nats-url': `nats://cio:${PASSWORD}@nats-1:4222,nats://nats-2:4222,nats://nats-3:4222`,
    'redis-url': `redis://:${PASSWORD}@redis:6379`,
    'redis.conf': `requirepass ${PASSWORD}\n`,
    'nats-users.conf': `authorization { user: cio, password: "${PASSWORD}" }\n`,
  };
  for (const [name, text] of Object.entries(secrets))
    writeFileSync(path.join(folder, 'secrets', name), localized(text, places));

  const children = new Map<string, ChildProcess>();
  onTestFinished(() => {
    for (const child of children.values()) child.kill('SIGKILL');
  });

  function run(name: string): ChildProcess {
    const service = compose.services[name];
    if (!service) throw new Error(`There is no ${name}`);
    const { command, environment = {} } = service;
    if (name.startsWith('nats')) {
      const file = path.join(folder, `${name}.conf`);
      const text = localized(readDeployed('nats.conf'), places)
        .replace('port: 4222', `host: 127.0.0.1\nport: ${portOf(`${name}:4222`)}`)
        .replace('port: 8222', `port: ${portOf(`${name}:8222`)}`)
        .replace('port: 6222', `host: 127.0.0.1\n  port: ${portOf(`${name}:6222`)}`)
        .replace('/data', path.join(folder, name));
      writeFileSync(file, text);
      const args = command.map((each) => (each === '/etc/nats/nats.conf' ? file : each));
      return spawn(program('nats-server'), args, { stdio: 'ignore' });
    }
    if (name === 'redis') {
      const [, ...args] = command.map((each) => each.replace('/run/secrets', path.join(folder, 'secrets')));
      const network = ['--port', String(portOf('redis:6379')), '--bind', '127.0.0.1', '--dir', folder];
      return spawn(program('redis-server'), [...args, ...network], { stdio: 'ignore' });
    }
    const env = Object.fromEntries(
      Object.entries(environment).map(([key, value]) => [
        key,
        value.replace('/run/secrets', path.join(folder, 'secrets')),
      ]),
    );
    return spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...command], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        ...env,
        HOST: '127.0.0.1',
        PORT: String(portOf(`${name}:8080`)),
        CIO_UPSTREAM_URL: upstream.url,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  return {
    compose,
    places,
    upstream,
    start(name) {
      const child = run(name);
      children.set(name, child);
      return child;
    },
    async kill(name) {
      const child = children.get(name);
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Sends the event as a browser does: again until the response is 200, through the load balancer. */
async function send({ places }: Stack, name: string): Promise<void> {
  const batch = [{ type: 'track', event: name, messageId: `id of ${name}`, anonymousId: 'a' }];
  const body = JSON.stringify({ batch, sentAt: new Date().toISOString() });
  let turn = 0;
  await vi.waitFor(async () => {
    const port = places.get(`proxy-${(turn++ % 2) + 1}:8080`);
    const headers = { ...HEADERS, 'X-Real-IP': '203.0.113.7' };
    const answer = await fetch(`http://127.0.0.1:${port}/v1/batch`, { method: 'POST', headers, body });
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)]);
  }, WAIT);
}

const arrived = ({ upstream }: Stack): readonly string[] =>
  upstream.received.flatMap(({ body }) => body.batch.map(({ event }) => String(event))).sort();

test('every event arrives once through either proxy, also when one NATS node is down at the start and another one later', async () => {
  const stack = await prepare();
  const names = Object.keys(stack.compose.services);
  for (const name of names) if (name !== 'nats-3') stack.start(name);

  const first = Array.from({ length: 30 }, (_, i) => `First ${String(i).padStart(2, '0')}`);
  await Promise.all(first.map((name) => send(stack, name)));
  await vi.waitFor(() => expect(arrived(stack)).toEqual(first), WAIT);
  // The same events, which may reach the other proxy, are recognised as repeats.
  await Promise.all(first.map((name) => send(stack, name)));

  stack.start('nats-3');
  const ready = async (name: string): Promise<Record<string, unknown>> => {
    const answer = await fetch(`http://127.0.0.1:${stack.places.get(`${name}:8080`)}/v1/health/ready`);
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  };
  const replicas = async (): Promise<number> => {
    const url = `http://127.0.0.1:${stack.places.get('nats-3:8222')}/jsz?streams=true&config=true&accounts=true`;
    const state = JSON.stringify(await (await fetch(url)).json());
    return (state.match(/"num_replicas":3/g) ?? []).length;
  };
  await vi.waitFor(async () => expect(await replicas()).toBeGreaterThanOrEqual(2), WAIT);
  await vi.waitFor(async () => {
    const answer = await fetch(`http://127.0.0.1:${stack.places.get('nats-3:8222')}/healthz`);
    expect(answer.status).toBe(200);
  }, WAIT);

  await stack.kill('nats-1');
  const second = Array.from({ length: 30 }, (_, i) => `Second ${String(i).padStart(2, '0')}`);
  await Promise.all(second.map((name) => send(stack, name)));
  await vi.waitFor(() => expect(arrived(stack)).toEqual([...first, ...second]), WAIT);
  await vi.waitFor(async () => expect(await ready('forwarder-1')).toMatchObject({ backlog: 0 }), WAIT);
}, 240_000);
