/**
 * The recipes for Workers, Vercel and Netlify: each is built by the platform's own command, and then receives
 * requests as from a page.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { startServer } from '../../support/server/process.ts';
import { CLIENT_KEY, event, WRITE_KEY } from '../../integration/proxy/setup.ts';
import { startUpstream, type Upstream } from '../../integration/proxy/upstream.ts';
import { startWorkerd } from '../workerd.ts';
import { changed, project, recipe } from './recipe.ts';

/** The recipes have no setting for the URL of Customer.io, so the test adds one. */
const delivering = (code: string, upstream: Upstream): string =>
  changed(code, { "basePath: '/e',": `basePath: '/e', upstreamUrl: '${upstream.url}',` });

interface Platform {
  readonly name: string;
  /** The build command that the platform runs before it deploys. */
  readonly command: string;
  /**
   * The header in which the platform writes the visitor's IP address. If missing, the stand-in for the
   * platform writes it.
   */
  readonly header?: string;
  start(upstream: Upstream): Promise<{ readonly origin: string; stop(): Promise<void> }>;
}

interface Wrangler {
  readonly main: string;
  readonly compatibility_date: string;
  readonly build: { readonly command: string };
  readonly assets: { readonly directory: string };
  readonly routes: readonly { readonly pattern: string }[];
}
const WRANGLER = JSON.parse(recipe('workers/wrangler.json')) as Wrangler;
const VERCEL = JSON.parse(recipe('vercel/vercel.json')) as { readonly buildCommand: string };
const NETLIFY = /^command = "(.*)"$/m.exec(recipe('netlify/netlify.toml'))?.[1] ?? 'false';

async function built(name: string, command: string): Promise<string> {
  const folder = await project(name);
  execFileSync('/bin/sh', ['-c', command], { cwd: folder, stdio: 'inherit' });
  return folder;
}

const standIn = (name: string, file: string, command: string): Platform => ({
  name,
  command,
  async start(upstream) {
    const folder = await built(name.toLowerCase(), command);
    await writeFile(`${folder}/${file}`, delivering(await readFile(`${folder}/${file}`, 'utf8'), upstream));
    await writeFile(`${folder}/package.json`, '{ "type": "module" }');
    return startServer('test/runtimes/deploy/functions.ts', { CIO_WRITE_KEY: WRITE_KEY }, [
      name.toLowerCase(),
      folder,
    ]);
  },
});

const PLATFORMS: readonly Platform[] = [
  {
    name: 'Workers',
    command: WRANGLER.build.command,
    header: 'cf-connecting-ip',
    async start(upstream) {
      const folder = await built('workers', WRANGLER.build.command);
      return startWorkerd(
        delivering(recipe(`workers/${WRANGLER.main}`), upstream),
        {},
        {
          env: { CIO_WRITE_KEY: WRITE_KEY },
          compatibilityDate: WRANGLER.compatibility_date,
          assets: `${folder}/${WRANGLER.assets.directory}`,
        },
      );
    },
  },
  standIn('Vercel', 'api/e.js', VERCEL.buildCommand),
  standIn('Netlify', 'netlify/functions/e.js', NETLIFY),
];

describe.each(PLATFORMS)('$name', ({ start, header }) => {
  test('delivers with the IP address of the visitor, refuses bad requests, is healthy, and serves cio.js', async () => {
    const upstream = await startUpstream();
    const { origin, stop } = await start(upstream);
    onTestFinished(stop);

    const address = header ? '203.0.113.7' : '127.0.0.77';
    const headers = {
      Authorization: basicAuthorization(CLIENT_KEY),
      'Content-Type': 'application/json',
      ...(header
        ? { [header]: address }
        : { 'X-Real-IP': '6.6.6.6', 'X-Nf-Client-Connection-Ip': '6.6.6.6' }),
    };
    const asked = request(`${origin}/e/v1/batch`, {
      method: 'POST',
      headers,
      ...(header ? {} : { localAddress: address }),
    });
    asked.end(JSON.stringify({ batch: [event()] }));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    expect([answer.statusCode, await json(answer)]).toEqual([200, { success: true }]);
    expect(upstream.received).toMatchObject([
      {
        headers: { authorization: basicAuthorization(WRITE_KEY) },
        body: { batch: [{ context: { ip: address } }] },
      },
    ]);

    const refused = await fetch(`${origin}/e/v1/batch`, { method: 'POST', body: '{"batch":[]}' });
    expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_client_key' }]);
    const health = await fetch(`${origin}/e/v1/health`);
    expect([health.status, await health.json()]).toMatchObject([200, { status: 'ok' }]);

    for (const file of ['cio.js', 'cio-plugins.js']) {
      const script = await fetch(`${origin}/e/${file}`);
      expect([script.status, script.headers.get('Content-Type')]).toEqual([
        200,
        expect.stringContaining('text/javascript'),
      ]);
      expect(await script.text()).toBe(readFileSync(`dist/${file}`, 'utf8'));
    }
  });
});

test('the files of a Worker are at the path of its route', () => {
  expect(WRANGLER.routes[0]?.pattern).toBe('shop.example.com/e/*');
  expect(WRANGLER.build.command).toContain(`${WRANGLER.assets.directory}/e`);
});
