// @vitest-environment node
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createTokenIssuer } from '../../../src/proxy.ts';
import { basicAuthorization } from '../../../src/protocol/wire.ts';
import { startUpstream } from '../proxy/upstream.ts';
import { ROOT, run, startProxy } from './program.ts';

const HEADERS = { Authorization: basicAuthorization('web'), 'Content-Type': 'application/json' };
const BODY = JSON.stringify({ batch: [{ type: 'track', event: 'x', messageId: 'm', anonymousId: 'a' }] });

describe('cio-first-party', () => {
  test('prints its help', async () => {
    const [help, short] = await Promise.all([run(['--help']), run(['-h'])]);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toMatch(/Usage: cio-first-party <command>[^]*proxy/);
    expect(short).toEqual(help);
  });

  test('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  test.each([
    [['prxy'], 'There is no command "prxy".', '<command>'],
    [[], 'A command is missing.', '<command>'],
    [
      ['proxy', '--port', '80'],
      "Unknown option '--port'. The environment variable PORT sets the port",
      'proxy',
    ],
    [['proxy', '--port=80'], "Unknown option '--port'. The environment variable PORT sets the port", 'proxy'],
    [['proxy', '--origin', 'x'], 'The environment variable CIO_ORIGINS sets the origin.', 'proxy'],
    [['proxy', '--write-key=sesame'], 'CIO_WRITE_KEY (or the file that CIO_WRITE_KEY_FILE names)', 'proxy'],
    [['proxy', '-p', '80'], "Unknown option '-p'.\n", 'proxy'],
    [['proxy', '--loud'], "Unknown option '--loud'.\n", 'proxy'],
    [['proxy', 'now'], "Unexpected argument 'now'", 'proxy'],
    [['forward', '--port', '80'], 'PORT sets the port, e.g. PORT=3000 cio-first-party forward.', 'forward'],
    [['forward', '--origins', 'x'], "Unknown option '--origins'.\n", 'forward'],
    [['forward', '--replay-since', 'soon'], '--replay-since is "soon"', 'forward'],
    [['snippet'], '--proxy-url is missing', 'snippet'],
    [['check'], '"check" needs exactly one URL, got 0.', 'check'],
  ])(
    'reports wrong arguments with the help of that command, and exits with 2: %j',
    async (args, message, command) => {
      const { code, out, err } = await run(args);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain(message);
      expect(err.match(/Usage: cio-first-party \S+/g)).toEqual([`Usage: cio-first-party ${command}`]);
      expect(err).not.toContain('sesame');
    },
  );

  test.each(['18.20.4', '20.18.3'])(
    'refuses Node %s with one sentence, and exits with 2',
    async (version) => {
      const fake = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
      const { code, out, err } = await run(['proxy'], {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fake)}`,
      });
      expect([code, out]).toEqual([2, '']);
      expect(err).toBe(
        `cio-first-party needs Node.js 20.19 or later, and this is Node.js ${version}: install a later version from https://nodejs.org.\n`,
      );
    },
  );
});

describe('environment variables that neither proxy nor forward knows', () => {
  test.each(['proxy', 'forward'])('get a warning on stderr at the start of %s', async (command) => {
    const { code, err } = await run([command], {
      CIO_ORIGIN: 'https://sesame.example.com',
      CIO_WRITEKEY: 'sesame',
      CIO_CLIENT_KEY: 'sesame',
      CIO_PROXY_SERVICE_HOST: '10.0.0.1',
      CIO_PROXY_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      CIO_WRITE_KEY_FILE: '/sesame/missing',
    });
    expect(code).toBe(1);
    expect(err.match(/^Warning: .*$/gm)).toEqual([
      expect.stringContaining('CIO_ORIGIN is unknown, and has no effect: did you mean CIO_ORIGINS?'),
      expect.stringContaining('CIO_WRITEKEY is unknown, and has no effect: did you mean CIO_WRITE_KEY?'),
      expect.stringContaining('CIO_CLIENT_KEY is unknown, and has no effect: did you mean CIO_CLIENT_KEYS?'),
    ]);
    expect(err.replace('/sesame/missing', '')).not.toContain('sesame');
  });

  test('do not keep the proxy from starting', async () => {
    const { url } = await startProxy({ CIO_ORIGIN: 'https://shop.example.com' });
    expect((await fetch(`${url}/v1/health`)).status).toBe(200);
  });
});

describe('cio-first-party proxy --check', () => {
  test.each([
    [{ status: 200 }, 0, 'The write key is good: '],
    [{ status: 400 }, 0, 'has accepted it, and refused only the empty batch (400)'],
    [{ status: 401 }, 1, 'The write key cannot be used: '],
    [
      { status: 404 },
      1,
      'The upstream URL accepts no batches (404): correct "upstreamUrl" (CIO_UPSTREAM_URL).',
    ],
    [{ status: 503 }, 1, 'could not check the write key: Customer.io returned 503.'],
    ['hang-up', 1, 'could not check the write key: '],
    ['silence', 1, 'could not check the write key: '],
  ] as const)(
    'sends a request to Customer.io, which responds with %j, and exits with %i',
    async (answer, code, message) => {
      const upstream = await startUpstream();
      upstream.respond(answer);
      const told = await run(['proxy', '--check'], {
        CIO_WRITE_KEY: 'secret-write-key',
        CIO_CLIENT_KEYS: 'web',
        CIO_UPSTREAM_URL: upstream.url,
        CIO_TIMEOUT_MS: '500',
      });
      expect(told).toMatchObject({ code, err: '' });
      expect(told.out).toContain(message);
      expect(told.out.trim().split('\n')).toHaveLength(1);
      expect(told.out).not.toContain('secret');
      expect(upstream.received).toHaveLength(1);
      expect(upstream.received[0]?.body.batch).toEqual([]);
      expect(upstream.received[0]?.headers.authorization).toBe(basicAuthorization('secret-write-key'));
    },
  );

  test('reports errors in the environment first', async () => {
    const { code, err } = await run(['proxy', '--check'], { CIO_CLIENT_KEYS: 'web' });
    expect(code).toBe(1);
    expect(err).toContain('  - CIO_WRITE_KEY is missing');
  });
});

describe('cio-first-party forward', () => {
  test('explains all its own variables', async () => {
    const { code, out } = await run(['forward', '--help']);
    expect(code).toBe(0);
    for (const name of ['CIO_WRITE_KEY', 'NATS_URL', 'CIO_NATS_KEEP_MINUTES', 'CIO_REDIS_URL', 'PORT'])
      expect(out).toContain(`  ${name} `);
    for (const name of ['CIO_CLIENT_KEYS', 'CIO_ORIGINS', 'CIO_TOKEN']) expect(out).not.toContain(name);
    expect(out.match(/\(required\)/g)).toHaveLength(2);
    expect(out).toContain('--replay-since');
  });
});

describe('cio-first-party proxy', () => {
  test('explains every variable', async () => {
    const { code, out } = await run(['proxy', '--help']);
    expect(code).toBe(0);
    const names = [
      'CIO_WRITE_KEY',
      'CIO_REGION',
      'CIO_CLIENT_KEYS',
      'CIO_ORIGINS',
      'CIO_BASE_PATH',
      'CIO_UPSTREAM_URL',
      'CIO_CLIENT_IP',
      'CIO_TOKEN_JWKS_URL',
      'CIO_TOKEN_SECRET',
      'CIO_TOKEN_PUBLIC_KEY',
      'CIO_TOKEN_ALGORITHMS',
      'CIO_TOKEN_ISSUER',
      'CIO_TOKEN_AUDIENCE',
      'CIO_TOKEN_SUBJECT',
      'CIO_TOKEN_LEEWAY_SECONDS',
      'CIO_TOKEN_MODE',
      'CIO_TOKEN_SCOPE',
      'CIO_APP_API_KEY',
      'CIO_APP_API_ATTRIBUTES',
      'CIO_APP_API_URL',
      'CIO_IN_APP_SITE_ID',
      'CIO_IN_APP_URL',
      'CIO_IN_APP_RENDERER_URL',
      'CIO_IN_APP_CODE_URL',
      'CIO_IN_APP_REALTIME_URL',
      'CIO_IN_APP_HANDLE_SECRET',
      'CIO_IN_APP_ANONYMOUS_SECRET',
      'CIO_RATE_LIMIT_PER_ADDRESS',
      'CIO_RATE_LIMIT_PER_KEY',
      'CIO_UPSTREAM_CONCURRENCY',
      'CIO_TIMEOUT_MS',
      'CIO_CORRECT_CLOCK',
      'CIO_COMPATIBILITY',
      'CIO_DEDUPLICATE',
      'CIO_REDIS_URL',
      'NATS_URL',
      'NATS_CREDENTIALS',
      'CIO_NATS_STREAM',
      'CIO_NATS_SUBJECT',
      'CIO_NATS_REPLICAS',
      'CIO_NATS_MAX_AGE_HOURS',
      'CIO_NATS_MAX_BYTES',
      'CIO_NATS_KEEP_MINUTES',
      'CIO_ANONYMOUS_ID_COOKIE_DOMAIN',
      'CIO_METRICS',
      'CIO_STOP_TIMEOUT_MS',
      'HOST',
      'PORT',
    ];
    for (const name of names) expect(out).toContain(`  ${name} `);
    expect(out.match(/\(required\)/g)).toHaveLength(2);
    expect(out.match(/\w+_FILE\b/g)).toEqual([
      'CIO_WRITE_KEY_FILE',
      'CIO_CLIENT_KEYS_FILE',
      'CIO_REDIS_URL_FILE',
      'NATS_URL_FILE',
      'NATS_CREDENTIALS_FILE',
      'CIO_TOKEN_SECRET_FILE',
      'CIO_TOKEN_PUBLIC_KEY_FILE',
      'CIO_APP_API_KEY_FILE',
      'CIO_IN_APP_HANDLE_SECRET_FILE',
      'CIO_IN_APP_ANONYMOUS_SECRET_FILE',
    ]);
  });

  test('reports everything that prevents its start, and exits with 1', async () => {
    const { code, out, err } = await run(['proxy'], { CIO_REGION: 'de', PORT: 'http' });
    expect([code, out]).toEqual([1, '']);
    for (const start of [
      'CIO_WRITE_KEY is missing',
      'CIO_CLIENT_KEYS is missing',
      'CIO_REGION is "de"',
      'PORT is "http"',
    ]) {
      expect(err).toContain(`  - ${start}`);
    }
  });

  test('reports that its port is taken, and exits with 1', async () => {
    const upstream = await startUpstream({ recordsChecks: false });
    const environment = {
      CIO_WRITE_KEY: 'write-key',
      CIO_CLIENT_KEYS: 'web',
      HOST: '127.0.0.1',
      PORT: new URL(upstream.url).port,
    };
    const { code, err } = await run(['proxy'], environment);
    expect(code).toBe(1);
    expect(err).toMatch(/^The proxy cannot listen: .*EADDRINUSE/);
  });

  test('delivers, and writes one line of JSON for every request but health checks', async () => {
    const upstream = await startUpstream({ recordsChecks: false });
    const { url, lines } = await startProxy({ CIO_UPSTREAM_URL: upstream.url, CIO_BASE_PATH: '/e' });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/e$/);
    expect(await (await fetch(`${url}/v1/health`)).json()).toMatchObject({ status: 'ok', ready: true });
    expect((await fetch(`${url}/v1/batch`, { method: 'POST', headers: HEADERS, body: BODY })).status).toBe(
      200,
    );
    expect(upstream.received[0]?.headers.authorization).toBe(basicAuthorization('write-key'));
    const { value } = await lines.next();
    expect(JSON.parse(String(value))).toMatchObject({ path: '/e/v1/batch', status: 200, events: 1 });
  });

  test('its log says at the start which probe is for what', async () => {
    const { before } = await startProxy({ CIO_BASE_PATH: '/e/' });
    expect(before.map((line) => JSON.parse(line) as unknown)).toContainEqual({
      time: expect.any(String),
      probes: { liveness: '/e/v1/health', readiness: '/e/v1/health', alerts: '/e/v1/health/ready' },
    });
    const { out } = await run(['proxy', '--help']);
    expect(out).toMatch(/liveness and readiness +\/v1\/health is/);
    expect(out).toMatch(/alerts +\/v1\/health\/ready is/);
  });

  test.each([
    [{ status: 401 }, 'upstream_misconfigured', 'Customer.io refused the write key (401): correct the key'],
    [{ status: 500 }, 'upstream_unavailable', '500'],
  ])('checks its write key when it starts, and logs a failure: %j', async (answer, error, detail) => {
    const upstream = await startUpstream();
    upstream.respond(answer);
    const { lines } = await startProxy({ CIO_UPSTREAM_URL: upstream.url, CIO_BASE_PATH: '/e' });
    const entry = JSON.parse(String((await lines.next()).value)) as { detail: string };
    expect(entry).toMatchObject({ method: 'GET', path: '/e/v1/health/ready', status: 503, error });
    expect(entry.detail).toContain(detail);
    expect(entry.detail).toContain(`/docs/errors/${error}.md`);
    expect(upstream.received.map(({ text }) => (JSON.parse(text) as { batch: unknown }).batch)).toEqual([[]]);
  });

  test('its log names a refused origin and an unknown path, with the page about the error', async () => {
    const { url, lines } = await startProxy({ CIO_BASE_PATH: '/e', CIO_ORIGINS: 'https://shop.example.com' });
    const headers = { ...HEADERS, Origin: 'https://www.example.com' };
    await fetch(`${url}/v1/batch`, { method: 'POST', headers, body: BODY });
    const { detail, ...refused } = JSON.parse(String((await lines.next()).value)) as { detail: string };
    expect(refused).toMatchObject({ path: '/e/v1/batch', status: 403, error: 'origin_not_allowed' });
    expect(detail).toContain('"https://www.example.com" is not in "origins" (CIO_ORIGINS)');
    expect(detail).toContain('/docs/errors/origin_not_allowed.md');
    await fetch(new URL('/v1/batch?secret=1', url), { method: 'POST', headers: HEADERS, body: BODY });
    expect(JSON.parse(String((await lines.next()).value))).toMatchObject({
      path: '/v1/batch',
      status: 404,
      error: 'not_found',
    });
  });

  test('verifies customer tokens, and handles private calls', async () => {
    const [upstream, app] = [
      await startUpstream({ recordsChecks: false }),
      await startUpstream({ recordsChecks: false }),
    ];
    app.respond({ body: '{"customer":{"attributes":{"plan":"pro"}}}' });
    const secret = 'a secret that both sides hold, of 32 bytes and more';
    const { url, lines } = await startProxy({
      CIO_UPSTREAM_URL: upstream.url,
      CIO_TOKEN_SECRET: secret,
      CIO_APP_API_KEY: 'app-key',
      CIO_APP_API_URL: app.url,
    });
    const token = await createTokenIssuer({ secret }).issue('u1');
    const headers = { Authorization: `Bearer ${token}`, 'X-CIO-Client-Key': 'web' };
    const answer = await fetch(`${url}/v1/customers/attributes`, { method: 'POST', headers });
    expect(await answer.json()).toEqual({ attributes: { plan: 'pro' } });
    expect(app.received[0]?.headers.authorization).toBe('Bearer app-key');
    const { value } = await lines.next();
    expect(JSON.parse(String(value))).toMatchObject({ path: '/v1/customers/attributes', status: 200 });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'stops on %s: accepts no new connections, finishes requests in flight, and exits with 0',
    async (signal) => {
      const upstream = await startUpstream({ recordsChecks: false });
      let arrived = (): void => {};
      let accept = (): void => {};
      const inFlight = new Promise<void>((resolve) => (arrived = resolve));
      const accepted = new Promise<void>((resolve) => (accept = resolve));
      upstream.respond(async () => {
        arrived();
        await accepted;
        return {};
      });
      const { child, url } = await startProxy({ CIO_UPSTREAM_URL: upstream.url });
      const exit = once(child, 'exit') as Promise<[number]>;
      const answer = fetch(`${url}/v1/batch`, { method: 'POST', headers: HEADERS, body: BODY });
      await inFlight;
      child.kill(signal);
      while (await accepts(url));
      accept();
      expect((await answer).status).toBe(200);
      const told = Date.now();
      expect((await exit)[0]).toBe(0);
      // The process must end sooner than the browser's idle connection does, which ends after five seconds.
      expect(Date.now() - told).toBeLessThan(3_000);
    },
  );

  test('when stopping, refuses new requests on open connections, and finishes those in flight', async () => {
    const upstream = await startUpstream({ recordsChecks: false });
    let accept = (): void => {};
    upstream.respond(async () => {
      await new Promise<void>((resolve) => (accept = resolve));
      return {};
    });
    const { child, url } = await startProxy({ CIO_UPSTREAM_URL: upstream.url });
    const exit = once(child, 'exit') as Promise<[number]>;
    const answer = fetch(`${url}/v1/batch`, { method: 'POST', headers: HEADERS, body: BODY });
    await expect.poll(() => upstream.received.length).toBe(1);
    const late = connect(Number(new URL(url).port), '127.0.0.1');
    const lines = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`);
    late.write(`POST /v1/batch HTTP/1.1\r\nHost: proxy\r\n${lines.join('\r\n')}\r\n`);
    await fetch(`${url}/v1/health`);
    child.kill('SIGTERM');
    while (await accepts(url));
    late.write(`Content-Length: ${BODY.length}\r\n\r\n${BODY}`);
    const refused = await text(late);
    expect(refused).toMatch(/^HTTP\/1.1 503 /);
    expect(refused).toMatch(/^connection: close\r$/im);
    expect(refused).toMatch(/^retry-after: \d+\r$/im);
    expect(refused).toContain('"error":"closing"');
    accept();
    expect((await answer).status).toBe(200);
    expect((await exit)[0]).toBe(0);
  });

  test('when stopping, does not wait for ever', async () => {
    const upstream = await startUpstream({ recordsChecks: false });
    upstream.respond('silence');
    const { child, url } = await startProxy({
      CIO_UPSTREAM_URL: upstream.url,
      CIO_STOP_TIMEOUT_MS: '10',
      CIO_TIMEOUT_MS: '600000',
    });
    const exit = once(child, 'exit') as Promise<[number]>;
    const answer = fetch(`${url}/v1/batch`, { method: 'POST', headers: HEADERS, body: BODY });
    const cut = expect(answer).rejects.toThrow();
    await expect.poll(() => upstream.received.length).toBe(1);
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    await cut;
  });
});

async function accepts(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
