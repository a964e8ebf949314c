// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import type { SdkError } from '../../../src/protocol/errors.ts';

/** The names of all global properties; the test runner adds its own only before the test. */
const globals = (): readonly PropertyKey[] => Reflect.ownKeys(globalThis);

describe('on a server', () => {
  test('importing the package has no side effects, and all calls of an instance do nothing', async () => {
    const before = globals();
    const fetched: unknown[] = [];
    const { fetch } = globalThis;
    globalThis.fetch = (...args) => {
      fetched.push(args);
      return fetch(...args);
    };
    const { createAnalytics } = await import('../../../src/index.ts');
    const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'web' });
    const stop = analytics.on('delivered', () => undefined);
    const receipts = await Promise.all([
      analytics.track('E', { a: 1 }),
      analytics.page(),
      analytics.screen('S'),
      analytics.identify('u1', { plan: 'pro' }),
      analytics.group('g1'),
      analytics.alias('u2'),
    ]);
    expect(receipts.every(({ state }) => state === 'discarded')).toBe(true);
    analytics.consent.grant();
    analytics.consent.deny();
    analytics.anonymize();
    analytics.reset();
    expect(analytics.setAnonymousId('x')).toBeNull();
    expect([analytics.user().id(), analytics.user().anonymousId(), analytics.group().id()]).toEqual([
      null,
      null,
      null,
    ]);
    const plugin = {
      name: 'p',
      type: 'before',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.reject(new Error('no')),
    } as const;
    await analytics.register(plugin);
    await analytics.deregister('p');
    await analytics.addSourceMiddleware(() => undefined);
    await analytics.ready();
    expect(await analytics.flush()).toEqual({ delivered: 0, pending: 0, dropped: 0 });
    expect(analytics.stats()).toMatchObject({ tracked: 0, delivered: 0, pending: 0 });
    stop();
    analytics.close();
    globalThis.fetch = fetch;
    expect(fetched).toEqual([]);
    expect(globals()).toEqual(before);
  });

  test('instances are separate: requests share nothing', async () => {
    const { createAnalytics } = await import('../../../src/index.ts');
    const options = { proxyUrl: '/e', clientKey: 'web' };
    expect(createAnalytics(options)).not.toBe(createAnalytics(options));
  });

  test('wrong options cause one line on the console, an error event, and an instance that discards calls', async () => {
    const lines: unknown[][] = [];
    const print = vi.spyOn(console, 'error').mockImplementation((...line) => void lines.push(line));
    const { createAnalytics } = await import('../../../src/index.ts');
    const secret = 'site-id:0123456789abcdef';
    const analytics = createAnalytics({ proxyUrl: 'e', clientKey: secret, nonsense: 1 } as never);
    const errors: SdkError[] = [];
    analytics.on('error', (error) => errors.push(error));
    expect(await analytics.track('A')).toMatchObject({ state: 'discarded', reason: 'invalid-options' });
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toMatchObject({ code: 'invalid-options' });
    expect(lines).toEqual([[`cio-first-party: ${errors[0]?.message}`]]);
    expect(errors[0]?.message).toBe(
      '"clientKey" must be a text without ":", got a text of 24 characters; ' +
        '"nonsense" must be left out: there is no such option, got 1; ' +
        '"proxyUrl" must be an http(s) URL, or a path like "/e", got "e". Every call is discarded. ' +
        'https://github.com/cio-first-party/cio-first-party/blob/main/docs/errors/invalid-options.md',
    );
    expect(analytics.stats()).toMatchObject({ tracked: 1, pending: 0, dropped: { 'invalid-options': 1 } });
    print.mockRestore();
  });
});
