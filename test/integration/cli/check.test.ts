// @vitest-environment node
/** The command `check` with our proxy and the proxies of the public guide. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { asTable } from '../../../src/cli/check/print-results.ts';
import type { Reply } from '../../../src/cli/check/probe.ts';
import type { CheckResult } from '../../../src/cli/check/check-result.ts';
import { checkTiming } from '../../../src/cli/check/check-timing.ts';
import { EVENT_TYPES } from '../../../src/protocol/wire.ts';
import { CLIENT_KEY, GUIDE_PROXIES } from '../../support/docs/guide-proxies/index.ts';
import { type ServerProcess, startServer } from '../../support/server/process.ts';
import { DOCUMENTATION } from '../../support/docs/documentation.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';
import { run, startProxy } from './program.ts';
import { type Fault, faultyProxy, PAGES, serve, WRITE_KEY } from './servers.ts';
import { type Expected, unpassed, check, GOOD, LEFT, OWN_HEADER, TAKES_NOTHING } from './check-setup.ts';

let upstream: ServerProcess;

let customerio: StandIn;

beforeAll(async () => {
  upstream = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  customerio = createStandIn(upstream.origin);
});

afterEach(() => customerio.forget());

afterAll(() => upstream.stop());

describe('our proxy', () => {
  const environment = (): Record<string, string> => ({
    CIO_UPSTREAM_URL: upstream.origin,
    CIO_CLIENT_KEYS: CLIENT_KEY,
    CIO_WRITE_KEY: WRITE_KEY,
    CIO_ORIGINS: PAGES,
    CIO_BASE_PATH: '/e',
  });

  test('passes', async () => {
    const { url } = await startProxy(environment());
    expect(unpassed(await check(url))).toEqual(GOOD);
    const events = await customerio.events();
    expect(events.length).toBeGreaterThan(100);
    for (const event of events) {
      expect(event.messageId).toMatch(/^cio-first-party-check-/);
      expect(EVENT_TYPES).toContain(event.type);
      if (event.type === 'track') expect(event.event).toBe('cio-first-party check');
    }
    const ofPersons = events.filter(({ userId }) => userId !== undefined);
    expect(ofPersons.map(({ type, userId }) => [type, userId])).toEqual([['alias', 'cio-first-party-check']]);
    const visitors = new Set(events.map(({ anonymousId, previousId }) => anonymousId ?? previousId));
    expect(visitors.size).toBe(1);
  });

  test('passes for pages of another origin that is allowed', async () => {
    const { url } = await startProxy(environment());
    const { preflight: _, ...good } = GOOD;
    expect(unpassed(await check(`${url}/`, { origin: PAGES }))).toEqual({ ...good, [LEFT]: 'skip' });
  });

  test.each([
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://0b6bc9a0-5ab5-4d4f-8c0d-0f3b3b0a2b1c',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'http://localhost:3000',
  ])('is checked for pages of any origin that it takes: %s', async (origin) => {
    const { url } = await startProxy({ ...environment(), CIO_ORIGINS: origin });
    const { code, out, err } = await run(['check', url, '--origin', origin], { CIO_CLIENT_KEY: CLIENT_KEY });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`allows ${origin}`);
  });

  test.each([
    'capacitor://localhost/',
    'https://*.example.com',
    'https://user:hidden@shop.example.com',
    'null',
    'file://',
  ])('and the command refuse the same origins with the same advice: %s', async (origin) => {
    const asList = await run(['proxy'], { ...environment(), CIO_ORIGINS: origin });
    const alone = await run(['check', 'http://127.0.0.1:1', '--origin', origin], { CIO_CLIENT_KEY: 'web' });
    expect([asList.code, alone.code]).toEqual([1, 2]);
    const adviceIn = (text: string): string =>
      /it must be .*?, e\.g\. https:\/\/shop\.example\.com\.(.*)$/m.exec(text)?.[1] ?? 'none';
    expect(adviceIn(alone.err)).toBe(adviceIn(asList.err));
    expect(alone.err + asList.err).not.toContain('hidden');
  });

  test('reports an origin that is not allowed, and not a wrong key', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    expect(unpassed(await check(url, { origin: 'https://elsewhere.example.com' }))).toMatchObject({
      preflight: 'fail',
      'answers readable': 'fail',
      'origin accepted': 'fail',
      batch: 'skip',
    });
  });

  test('reports that Customer.io is down', async () => {
    await customerio.faults({ status: 503 });
    const url = await serve(faultyProxy(upstream.origin));
    const { 'Retry-After': _, ...nothing } = TAKES_NOTHING;
    expect(unpassed(await check(url))).toEqual({ ...nothing, 'anonymous event': 'fail' });
  });

  test('receives no event in a dry run', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    expect(unpassed(await check(url, { origin: PAGES, dry: true }))).toEqual({
      TLS: 'skip',
      'anonymous event': 'skip',
      'single calls': 'skip',
      [LEFT]: 'skip',
      events: 'skip',
      'broken JSON refused': 'skip',
      'Retry-After': 'skip',
    });
    expect(await customerio.requests()).toEqual([]);
  });
});

describe('the proxies of the public guide', () => {
  const LANGUAGES = GUIDE_PROXIES.map(({ language }) => language);
  const [, table = ''] = DOCUMENTATION.split('What the three samples');

  /** The checks that each proxy does not pass for pages of another origin, as the documentation says. */
  function findings(language: string): Expected {
    const found: Record<string, CheckResult['status']> = {
      TLS: 'skip',
      'Retry-After': 'skip',
      [LEFT]: 'skip',
      [OWN_HEADER]: 'skip',
    };
    for (const [, name = '', cells = ''] of table.matchAll(/^\| `(.+?)` +\|(.*)$/gm)) {
      const said = cells.split('|')[LANGUAGES.indexOf(language)]?.trim().toLowerCase();
      if (said === 'fail' || said === 'warn') found[name] = said;
      if (name === 'broken JSON refused') break;
    }
    return found;
  }

  test.each(GUIDE_PROXIES)('$language', async ({ language, start }) => {
    const proxy = await start({ upstreamUrl: upstream.origin, writeKey: WRITE_KEY });
    try {
      expect(unpassed(await check(proxy.origin, { origin: PAGES }))).toEqual(findings(language));
    } finally {
      await proxy.stop();
    }
  });
});

test('reports slow responses', async () => {
  const replies = [5_000, 20, 10].map((ms): Reply => ({
    kind: 'answer',
    status: 200,
    text: '',
    bytes: 0,
    ms,
    header: () => null,
  }));
  expect(await checkTiming({ replies })).toMatchObject([
    { status: 'warn', detail: 'median 20 ms, slowest 5000 ms of 3' },
  ]);
  expect(await checkTiming({ replies: replies.slice(1) })).toMatchObject([{ status: 'pass' }]);
});

describe('cio-first-party check', () => {
  test('prints its help', async () => {
    const { code, out } = await run(['check', '--help']);
    expect(code).toBe(0);
    for (const text of [
      'CIO_CLIENT_KEY',
      '--origin',
      '--timeout',
      '--send',
      '--dry',
      '--json',
      'cio-first-party check',
    ])
      expect(out).toContain(text);
  });

  test('prints a line for each check, without colours unless the output is a terminal, and exits with 0', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    const { code, out, err } = await run(['check', url, '--send'], { CIO_CLIENT_KEY: CLIENT_KEY });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^pass {2}reach {8}reachable {17}responded after \d+ ms$/m);
    expect(out).toMatch(/^warn {2}single {7}single calls .*\n {19}→ Nothing to do/m);
    expect(out).toMatch(/^22 passed, 0 failed, 1 to look at, 3 skipped$/m);
    expect(out).not.toContain('\u001B');
  });

  test('uses colours on a terminal', () => {
    const table = asTable(
      [{ group: 'reach', name: 'TLS', status: 'fail', detail: 'none', advice: 'Add it.' }],
      true,
    );
    expect(table.split('\n')[0]).toBe('\u001B[31mFAIL\u001B[0m  reach  TLS  none');
  });

  test('prints one JSON object, never the client key, and exits with 1 when a check fails', async () => {
    const fault: Fault = async (request, proxy) => {
      const answer = await proxy(request);
      // A server that repeats the request's content in every part of its response.
      const said = request.headers.get('Authorization') ?? '';
      return answer.ok
        ? new Response(said, { status: 418, headers: { 'X-Key': said, Location: `/${CLIENT_KEY}` } })
        : answer;
    };
    const url = await serve(faultyProxy(upstream.origin, {}, fault));
    const { code, out } = await run(['check', url, '--send', '--json', `--client-key=${CLIENT_KEY}`]);
    expect(code).toBe(1);
    const report = JSON.parse(out) as { counts: Record<string, number>; checks: readonly CheckResult[] };
    expect(report).toMatchObject({ url: `${url}/`, ok: false });
    expect(report.checks.filter(({ status }) => status === 'fail')).toHaveLength(report.counts['fail'] ?? 0);
    expect(out).not.toContain(CLIENT_KEY);
    expect(out).not.toContain(btoa(`${CLIENT_KEY}:`));
  });

  test.each([
    [['check'], '"check" needs exactly one URL, got 0.'],
    [['check', 'http://a.example', 'http://b.example'], '"check" needs exactly one URL, got 2.'],
    [['check', '/e', '--client-key=k'], 'The URL is "/e": it must be absolute, with http or https'],
    [
      ['check', 'ftp://u:hidden@a.example', '--client-key=k'],
      'The URL is "ftp://…@a.example": it must be absolute, with http or https',
    ],
    [['check', 'http://u:p@a.example', '--client-key=k'], 'The URL must have no credentials'],
    [['check', 'http://a.example/v1/batch/', '--client-key=k'], 'without /v1/batch'],
    [['check', 'http://a.example'], '--client-key is missing, and CIO_CLIENT_KEY is not set.'],
    [['check', 'http://a.example', '--client-key=a:b'], 'must not contain a colon'],
    [
      ['check', 'http://a.example', '--client-key=k', '--origin=shop.example.com'],
      '--origin is "shop.example.com": it must be',
    ],
    [
      ['check', 'http://a.example', '--client-key=k', '--origin=https://shop.example.com/'],
      '--origin is "https://shop.example.com/": it must be one origin as browsers send it, e.g. https://shop.example.com. "https://shop.example.com/" ends with a slash: write https://shop.example.com.',
    ],
    [
      ['check', 'http://a.example', '--client-key=k', '--timeout=soon'],
      '--timeout is "soon": it must be milliseconds',
    ],
    [['check', 'http://a.example', '--loud'], "Unknown option '--loud'"],
  ])('reports unknown arguments, and exits with 2: %j', async (args, message) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toContain('Usage: cio-first-party check');
    expect(err).not.toContain('Usage: cio-first-party <command>');
  });

  test.each([[[]], [['--dry']]])('sends no event without --send: %j', async (options) => {
    const url = await serve(faultyProxy(upstream.origin));
    const { code, out, err } = await run(['check', url, ...options], { CIO_CLIENT_KEY: CLIENT_KEY });
    expect([code, err]).toEqual([0, '']);
    const skipped = out.match(/^skip .*$/gm)?.filter((line) => line.includes('--send')) ?? [];
    expect(skipped.map((line) => line.split(/ {2,}/).slice(2))).toEqual([
      ['anonymous event', 'skipped: --send sends events'],
      ['single calls', 'skipped: --send sends events'],
      ['events', 'skipped: --send sends events'],
      ['broken JSON refused', 'skipped: --send sends events'],
    ]);
    expect(out).not.toContain('--dry');
    expect(await customerio.events()).toEqual([]);
    expect(await customerio.requests()).toEqual([]);
  });

  test('sends events with --send, also where a script still says --dry', async () => {
    const url = await serve(faultyProxy(upstream.origin));
    const { code } = await run(['check', url, '--dry', '--send'], { CIO_CLIENT_KEY: CLIENT_KEY });
    expect(code).toBe(0);
    expect((await customerio.events()).length).toBeGreaterThan(100);
  });
});
