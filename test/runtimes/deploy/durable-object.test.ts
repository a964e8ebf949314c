/**
 * The recipe for Workers that share a Durable Object, unchanged, in workerd: several isolates and one object.
 */
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { CLIENT_KEY, event, WRITE_KEY } from '../../integration/proxy/setup.ts';
import { startUpstream, type Upstream } from '../../integration/proxy/upstream.ts';
import { startCopies, type Workerd } from '../workerd.ts';
import { changed, recipe, RECIPES, temporaryFolder } from './recipe.ts';

const WORKER = recipe('durable-object/worker.js');
const WAIT = { timeout: 10_000, interval: 50 };
const TTL_MS = 60_000;
const SHARED = { binding: 'EVENTS', className: 'Events' };

/** The recipe, with another URL of Customer.io. */
const delivering = ({ url }: Upstream): string =>
  changed(WORKER, { "basePath: '/e',": `basePath: '/e', upstreamUrl: '${url}',` });

/** The recipe's store, with methods that a test can call. */
const ASKED = changed(WORKER, {
  '  deduplicate: { store },\n': '',
  'export default { fetch: proxy.fetch };': `export default {
    async fetch(request) {
      const [name, ...args] = await request.json();
      if (name === 'rows') return Response.json(await events().rows());
      const expired = [];
      const found = await store[name](...args, (key) => expired.push(key));
      return Response.json({ found, expired });
    },
  };`,
  '  release(keys, owner) {': `  rows() {
    return this.sql.exec('SELECT COUNT(*) AS count FROM events').one().count;
  }

  release(keys, owner) {`,
});

async function start(code: string, folder: string, count = 2): Promise<Workerd> {
  const workerd = await startCopies(
    code,
    { ...SHARED, count, folder },
    { env: { CIO_WRITE_KEY: WRITE_KEY } },
  );
  let running = true;
  const stop = async (): Promise<void> => {
    if (running) await workerd.stop();
    running = false;
  };
  onTestFinished(stop);
  return { ...workerd, stop };
}

interface Asked {
  readonly found: readonly string[];
  readonly expired: readonly string[];
}

async function ask({ origin }: Workerd, copy: number, ...call: readonly unknown[]): Promise<Asked> {
  const body = JSON.stringify(call);
  const answer = await fetch(origin, { method: 'POST', headers: { copy: String(copy) }, body });
  return (await answer.json()) as Asked;
}

const rows = async (workerd: Workerd): Promise<unknown> => ask(workerd, 0, 'rows');

test('an event that reaches two isolates is sent once, also after a restart', async () => {
  const [upstream, folder] = [await startUpstream(), await temporaryFolder()];
  const batch = [event(), event()];
  async function send({ origin }: Workerd, copy: number): Promise<number> {
    const headers = {
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json',
      copy: String(copy),
    };
    const answer = await fetch(`${origin}/e/v1/batch`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ batch }),
    });
    await answer.text();
    return answer.status;
  }
  const workerd = await start(delivering(upstream), folder);
  expect(await Promise.all([0, 1, 0, 1].map((copy) => send(workerd, copy)))).toEqual([200, 200, 200, 200]);
  expect(upstream.received).toHaveLength(1);
  await workerd.stop();
  const again = await start(delivering(upstream), folder);
  expect([await send(again, 1), await send(again, 0)]).toEqual([200, 200]);
  expect(upstream.received).toHaveLength(1);
}, 60_000);

test('when several isolates claim the same events at once, exactly one gets each', async () => {
  const workerd = await start(ASKED, await temporaryFolder(), 4);
  const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
  const claims = await Promise.all(
    [0, 1, 2, 3, 0, 1, 2, 3].map((copy) => ask(workerd, copy, 'claim', keys, TTL_MS)),
  );
  for (let i = 0; i < keys.length; i += 1)
    expect(claims.filter(({ found }) => found[i] === 'new')).toHaveLength(1);
});

test('claims can be done, released and expire; a late owner cannot change a new claim', async () => {
  const workerd = await start(ASKED, await temporaryFolder());
  const claim = async (copy: number, keys: readonly string[], ttlMs = TTL_MS): Promise<Asked> =>
    ask(workerd, copy, 'claim', keys, ttlMs);
  expect((await claim(0, ['a', 'b', 'c', 'a'])).found).toEqual(['new', 'new', 'new', 'pending']);
  await ask(workerd, 0, 'done', ['a']);
  await ask(workerd, 0, 'release', ['b']);
  expect((await claim(1, ['a', 'b', 'c'])).found).toEqual(['done', 'new', 'pending']);

  expect((await claim(0, ['lost', 'late'], 50)).found).toEqual(['new', 'new']);
  await vi.waitFor(
    async () =>
      expect(await claim(1, ['lost', 'late'])).toEqual({ found: ['new', 'new'], expired: ['lost', 'late'] }),
    WAIT,
  );
  await ask(workerd, 0, 'release', ['late']);
  expect(await claim(0, ['late', 'lost'])).toEqual({ found: ['pending', 'pending'], expired: [] });
  await ask(workerd, 0, 'done', ['late']);
  await ask(workerd, 1, 'release', ['late', 'lost']);
  expect(await claim(0, ['late', 'lost'])).toEqual({ found: ['done', 'new'], expired: [] });
});

test('old events are forgotten and deleted; then no alarm is set', async () => {
  const code = changed(ASKED, {
    'WINDOW_MS = 3_600_000': 'WINDOW_MS = 300',
    'CLEAN_UP_MS = 600_000': 'CLEAN_UP_MS = 200',
  });
  const workerd = await start(code, await temporaryFolder());
  await ask(workerd, 0, 'claim', ['a', 'b', 'c'], 300);
  await ask(workerd, 0, 'done', ['a']);
  expect(await rows(workerd)).toBe(3);
  await vi.waitFor(
    async () => expect(await ask(workerd, 1, 'claim', ['a'], 300)).toEqual({ found: ['new'], expired: [] }),
    WAIT,
  );
  await vi.waitFor(async () => expect(await rows(workerd)).toBe(0), WAIT);
});

test('the configuration names the classes and variables of the Worker', () => {
  const { main, durable_objects, migrations } = JSON.parse(
    readFileSync(`${RECIPES}durable-object/wrangler.json`, 'utf8'),
  ) as Record<string, unknown>;
  expect({ main, durable_objects, migrations }).toEqual({
    main: 'worker.js',
    durable_objects: { bindings: [{ name: SHARED.binding, class_name: SHARED.className }] },
    migrations: [{ tag: 'v1', new_sqlite_classes: [SHARED.className] }],
  });
  expect(WORKER).toContain(`export class ${SHARED.className} extends DurableObject`);
  expect(WORKER).toContain(`env.${SHARED.binding}.`);
});
