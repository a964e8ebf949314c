/** The lines of `debug: true`: they name the event, and hold no payload, no token and no id of a person. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SdkError } from '../../../../src/protocol/errors.ts';
import { printer } from '../../../../src/sdk/browser.ts';
import { trace } from '../../../../src/sdk/debug/trace.ts';
import { settled } from '../../../fakes/clock.ts';
import { openSite } from '../../../fakes/site.ts';

/** Records the lines on the console, and what each of them opens to. */
function watchConsole(): {
  readonly lines: string[];
  readonly inside: string[];
  readonly methods: Set<string>;
} {
  const lines: string[] = [];
  const inside: string[] = [];
  const methods = new Set<string>();
  let depth = 0;
  for (const method of ['log', 'info', 'debug', 'warn', 'error', 'group', 'groupCollapsed'] as const)
    vi.spyOn(console, method).mockImplementation((...texts: readonly unknown[]) => {
      methods.add(method);
      (depth ? inside : lines).push(texts.map(String).join(' '));
      if (method.startsWith('group')) depth++;
    });
  vi.spyOn(console, 'groupEnd').mockImplementation(() => void depth--);
  return { lines, inside, methods };
}

const call = (id: string, method: string, ...args: readonly unknown[]): unknown => ({
  id,
  method,
  args,
  snapshot: { page: { path: '/cart' } },
});
const print = (name: string, payload: unknown): void => trace(printer(), name, payload);

afterEach(() => void vi.restoreAllMocks());

describe('a line about an event', () => {
  test('names it at each step', () => {
    const { lines, inside, methods } = watchConsole();
    print('call', call('m1', 'track', 'Order Placed', { total: 12 }));
    print('stored', { ids: ['m1'] });
    print('retrying', { ids: ['m1'], attempt: 1, delayMs: 650, status: 503 });
    print('retrying', { ids: ['m1'], attempt: 2, delayMs: 1_000 });
    print('delivered', { ids: ['m1'], attempts: 3 });
    print('dropped', { id: 'm1', reason: 'rejected', status: 400 });
    print('dropped', { id: 'm1', reason: 'expired' });
    expect(lines).toEqual([
      'cio-first-party called: track "Order Placed" on /cart',
      'cio-first-party stored: track "Order Placed"',
      'cio-first-party retrying in 0.7 s: track "Order Placed" (HTTP status 503, request 1)',
      'cio-first-party retrying in 1.0 s: track "Order Placed" (no answer, request 2)',
      'cio-first-party delivered: track "Order Placed" (request 3)',
      'cio-first-party dropped: track "Order Placed", rejected (HTTP status 400)',
      'cio-first-party dropped: track "Order Placed", expired',
    ]);
    expect(inside.every((line) => line.startsWith('m1'))).toBe(true);
    // Browsers show these levels by default; they hide `debug`.
    expect([...methods].sort()).toEqual(['groupCollapsed', 'log']);
  });

  test.each([
    [['track', 'Order Placed', { secret: 1 }], 'track "Order Placed"'],
    [['track', { event: 'Order Placed', properties: { secret: 1 } }], 'track "Order Placed"'],
    [['page', 'Docs', 'Install', { secret: 1 }], 'page "Install"'],
    [['page'], 'page'],
    [['screen', 'Home'], 'screen "Home"'],
    [['identify', 'secret', { email: 'secret' }], 'identify'],
    [['group', 'secret', { name: 'secret' }], 'group'],
    [['alias', 'secret', 'secret'], 'alias'],
    [['track', 'A "quoted"\nname'], String.raw`track "A \"quoted\"\nname"`],
  ] as readonly (readonly [readonly [string, ...unknown[]], string])[])(
    'of %j has the name alone',
    ([method, ...args], name) => {
      const { lines, inside } = watchConsole();
      print('call', call('m2', method, ...args));
      expect(lines).toEqual([`cio-first-party called: ${name} on /cart`]);
      expect(inside).toEqual(['m2']);
    },
  );

  test('names three events at most, and one that this page did not make', () => {
    const { lines } = watchConsole();
    for (const number of [1, 2, 3, 4, 5]) print('call', call(`n${number}`, 'track', `E${number}`));
    lines.length = 0;
    print('delivered', { ids: ['n1', 'n2', 'n3', 'n4', 'n5'], attempts: 1 });
    print('dropped', { id: 'unknown', reason: 'expired' });
    expect(lines).toEqual([
      'cio-first-party delivered: track "E1", track "E2", track "E3" and 2 more',
      'cio-first-party dropped: an event of another page or tab, expired',
    ]);
  });
});

test('a line about the person or the token has no id and no token', () => {
  const { lines, inside } = watchConsole();
  print('identity', { userId: 'secret', anonymousId: 'secret' });
  print('identity', { userId: null, anonymousId: 'secret' });
  print('token', { type: 'invalid', userId: 'secret', path: '/v1/x', status: 401, reason: 'audience' });
  print('token', { type: 'refreshed', userId: 'secret' });
  expect([...lines, ...inside].join('\n')).not.toContain('secret');
  expect(lines).toEqual([
    'cio-first-party identity: a user',
    'cio-first-party identity: anonymous',
    'cio-first-party token: invalid',
    'cio-first-party token: refreshed',
  ]);
});

test('an error without a cause opens to its message alone', () => {
  const { lines, inside } = watchConsole();
  print('error', new SdkError('not-a-proxy', 'The URL returns a page'));
  print('error', new SdkError('plugin-failed', 'A plugin', { cause: 'the cause' }));
  expect(lines).toEqual(['cio-first-party error: not-a-proxy', 'cio-first-party error: plugin-failed']);
  expect(inside).toEqual(['The URL returns a page', 'A plugin', 'the cause']);
});

test('a console that throws does not reach the application', () => {
  vi.spyOn(console, 'log').mockImplementation(() => {
    throw new Error('console');
  });
  expect(() => print('identity', { userId: null })).not.toThrow();
});

test('a page with `debug: true` prints the way of its events, and none of their contents', async () => {
  const { lines, inside, methods } = watchConsole();
  const { open, server } = await openSite();
  const { analytics, delivered } = open({ debug: true, customerToken: () => 'S3CR3T-token' });
  void analytics.identify('S3CR3T-person', { email: 'S3CR3T@example.com' });
  void analytics.track('Order Placed', { total: 'S3CR3T-total' });
  await delivered(2);
  server.respond({ status: 401, body: '{"error":"invalid_token"}' });
  await analytics.fetch('/v1/x').catch(() => undefined);
  await settled(10);
  await vi.waitFor(() => expect(lines.join('\n')).toContain('delivered: '));
  const traced = lines.filter((line) => line.startsWith('cio-first-party '));
  expect(traced).toContain('cio-first-party called: identify on /');
  expect(traced).toContain('cio-first-party called: track "Order Placed" on /');
  expect(traced.some((line) => /^cio-first-party stored: .*track "Order Placed"/.test(line))).toBe(true);
  expect(traced.some((line) => /^cio-first-party delivered: .*track "Order Placed"/.test(line))).toBe(true);
  expect(traced).toContain('cio-first-party token: invalid');
  expect([...lines, ...inside].join('\n')).not.toContain('S3CR3T');
  expect(methods).toContain('log');
  expect(methods).not.toContain('debug');
});
