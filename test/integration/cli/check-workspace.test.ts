// @vitest-environment node
/** `check --send --workspace`: the test person and the test event are read back from the workspace with the App API. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT_KEY } from '../../support/docs/guide-proxies/index.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { startUpstream } from '../proxy/upstream.ts';
import { check } from './check-setup.ts';
import { run, startProxy } from './program.ts';
import { WRITE_KEY } from './servers.ts';

let customerio: ServerProcess;
let standIn: StandIn;

beforeAll(async () => {
  customerio = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY, WORK_OFF: '1' });
  standIn = createStandIn(customerio.origin);
});
afterEach(() => standIn.forget());
afterAll(() => customerio.stop());

const environment = (): Record<string, string> => ({
  CIO_UPSTREAM_URL: customerio.origin,
  CIO_CLIENT_KEYS: CLIENT_KEY,
  CIO_WRITE_KEY: WRITE_KEY,
});

interface Row {
  readonly group: string;
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly advice?: string;
}

const ofWorkspace = (rows: readonly Row[]): readonly string[] =>
  rows.filter(({ group }) => group === 'workspace').map(({ name, status }) => `${name}: ${status}`);

describe('the workspace', () => {
  test('has the test person and the test event: the command reads both back', async () => {
    const { url } = await startProxy(environment());
    const args = ['check', url, '--client-key', CLIENT_KEY, '--send', '--workspace', '--json'];
    const { out } = await run(args, { CIO_APP_API_KEY: 'app-key', CIO_APP_API_URL: customerio.origin });
    const { checks } = JSON.parse(out) as { readonly checks: readonly Row[] };
    expect(ofWorkspace(checks)).toEqual(['test person: pass', 'test event: pass']);
    expect(out).not.toContain('app-key');
    const ofPerson = (await standIn.events()).filter(({ userId }) => userId === 'cio-first-party-check');
    expect(ofPerson.map(({ type }) => type)).toEqual(['alias', 'identify', 'track']);
  });

  test('is another one than that of the proxy: both the person and the reason are named', async () => {
    const { url } = await startProxy(environment());
    const other = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
    const rows = await check(url, { workspace: { key: 'app-key', url: other.origin, waitMs: 1_500 } });
    await other.stop();
    expect(rows.filter(({ group }) => group === 'workspace')).toEqual([
      {
        group: 'workspace',
        name: 'test person',
        status: 'fail',
        detail: 'not in the workspace',
        advice: expect.stringContaining('Compare the workspace of the App API key') as string,
      },
    ]);
  });

  test('refuses the key of the App API: the command does not wait', async () => {
    const { url } = await startProxy(environment());
    const workspace = { key: 'sesame', url: customerio.origin, waitMs: 600_000 };
    const rows = await check(url, { workspace });
    const row = rows.find(({ group }) => group === 'workspace');
    expect(row).toMatchObject({ name: 'test person', status: 'fail', detail: 'the App API returned 401' });
    expect(JSON.stringify(rows)).not.toContain('sesame');
  });

  test('is behind a redirect: the command does not wait, and its target never gets the key', async () => {
    const { url } = await startProxy(environment());
    const [app, target] = [await startUpstream(), await startUpstream()];
    app.respond({ status: 301, headers: { Location: `${target.url}/v1/customers` } });
    const rows = await check(url, { workspace: { key: 'sesame', url: app.url, waitMs: 600_000 } });
    expect(rows.find(({ group }) => group === 'workspace')).toMatchObject({
      name: 'test person',
      status: 'fail',
      detail: 'the App API returned 301, a redirect',
    });
    expect([app.received.length, target.received.length]).toEqual([1, 0]);
  });

  test.each(['silence', { status: 500 }, 'hang-up'] as const)(
    'does not answer (%j): the row says so',
    async (answer) => {
      const { url } = await startProxy(environment());
      const app = await startUpstream();
      app.respond(answer === 'silence' ? { status: 503 } : answer);
      const rows = await check(url, { workspace: { key: 'app-key', url: app.url, waitMs: 1_200 } });
      expect(ofWorkspace(rows)).toEqual(['test person: fail']);
      expect(app.received.length).toBeGreaterThan(1);
    },
  );

  test('cannot be read where the proxy takes no events of persons without their token', async () => {
    const { url } = await startProxy({
      ...environment(),
      CIO_TOKEN_SECRET: 'a secret of 32 bytes or more, in UTF-8',
      CIO_TOKEN_MODE: 'required',
    });
    const workspace = { key: 'app-key', url: customerio.origin, waitMs: 600_000 };
    const rows = await check(url, { workspace });
    expect(rows.find(({ group }) => group === 'workspace')).toMatchObject({
      name: 'test person',
      status: 'skip',
      detail: expect.stringContaining('2 of 2 events refused') as string,
    });
  });

  test('is not read without the option', async () => {
    const { url } = await startProxy(environment());
    expect(ofWorkspace(await check(url))).toEqual([]);
  });
});

test('a URL of the App API without encryption is named before the key is sent', async () => {
  const args = ['check', 'http://127.0.0.1:1', '--client-key', 'web', '--send', '--workspace'];
  const { err } = await run(args, { CIO_APP_API_KEY: 'sesame', CIO_APP_API_URL: 'http://app.example' });
  expect(err).toContain('"CIO_APP_API_URL" is http://app.example, without encryption');
  expect(err).not.toContain('sesame');
});

describe('a wrong call', () => {
  const call = ['check', 'https://events.example.com', '--client-key', 'web'];

  test.each<[readonly string[], Record<string, string>, string]>([
    [['--workspace'], { CIO_APP_API_KEY: 'sesame' }, '--workspace needs --send'],
    [['--workspace', '--send'], {}, 'CIO_APP_API_KEY is not set'],
    [['--workspace', '--send'], { CIO_APP_API_KEY: 'sesame', CIO_REGION: 'de' }, 'CIO_REGION is "de"'],
    [
      ['--workspace', '--send'],
      { CIO_APP_API_KEY: 'sesame', CIO_APP_API_URL: 'api.customer.io' },
      'CIO_APP_API_URL is "api.customer.io"',
    ],
    ...[
      'https://me:sesame@api.customer.io',
      'https://api.customer.io/?a=b',
      'https://api.customer.io/#a',
    ].map((url): [readonly string[], Record<string, string>, string] => [
      ['--workspace', '--send'],
      { CIO_APP_API_KEY: 'sesame', CIO_APP_API_URL: url },
      'it must be an http(s) URL without credentials, query and fragment.',
    ]),
    ...['sesame open', 'sesame\nopen', 'sesame\u2019'].map(
      (key): [readonly string[], Record<string, string>, string] => [
        ['--workspace', '--send'],
        { CIO_APP_API_KEY: key },
        'CIO_APP_API_KEY is no key of the App API',
      ],
    ),
    [['--workspace', '--send'], { CIO_APP_API_KEY_FILE: '/nowhere' }, 'CIO_APP_API_KEY_FILE is "/nowhere"'],
  ])('%j with %j', async (args, variables, message) => {
    const { code, out, err } = await run([...call, ...args], variables);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).not.toContain('sesame');
  });
});
