// @vitest-environment node
import { describe, expect, test } from 'vitest';

/** Everything of the global object, by name; the test runner adds some of its own only before. */
const globals = (): readonly PropertyKey[] => Reflect.ownKeys(globalThis);

describe('on a server', () => {
  test('importing the package touches nothing, and an instance does nothing, whatever is called', async () => {
    const before = globals();
    const fetched: unknown[] = [];
    const { fetch } = globalThis;
    globalThis.fetch = (...args) => {
      fetched.push(args);
      return fetch(...args);
    };
    const { createAnalytics } = await import('../../src/index.ts');
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

  test('every instance is its own: nothing is shared between requests', async () => {
    const { createAnalytics } = await import('../../src/index.ts');
    const options = { proxyUrl: '/e', clientKey: 'web' };
    expect(createAnalytics(options)).not.toBe(createAnalytics(options));
  });
});
