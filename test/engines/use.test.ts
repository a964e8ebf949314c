/**
 * The main uses of the package, in every engine: as a module and as a script tag, with the proxy on the
 * page's origin and on another one.
 */
import { expect, test } from 'vitest';
import { until } from './engine.ts';
import { modulePage, tagPage } from './pages.ts';
import { inEveryEngine } from './setup.ts';

inEveryEngine((stage) => {
  const { open, openPage, arrived, site, standIn } = stage;

  for (const kind of ['module', 'tag'] as const)
    for (const where of ['same', 'other'] as const)
      test(`a ${kind} sends to the ${where} origin: each call arrives once, with the right identity`, async () => {
        const proxyUrl = where === 'same' ? '/e' : site().apiOrigin;
        const page = kind === 'tag' ? tagPage({ proxyUrl }) : modulePage({ sdk: { proxyUrl } });
        const tab = await openPage(page);
        await tab.evaluate(async () => {
          const analytics = window.analytics;
          await analytics.identify('ann', { plan: 'pro' });
          await analytics.track('Bought', { total: 12.5 });
          await analytics.page('Shop');
          await analytics.flush({ timeoutMs: 10_000 });
        });
        await until('three events', async () => (await standIn().events()).length === 3);
        const events = await standIn().events();
        expect(events.map(({ type, userId }) => [type, userId])).toEqual([
          ['identify', 'ann'],
          ['track', 'ann'],
          ['page', 'ann'],
        ]);
        expect(await tab.evaluate(() => window.analytics.stats())).toMatchObject({
          delivered: 3,
          pending: 0,
        });
        // All requests must have the client key as their only credential.
        const sent = await site().batches();
        expect(
          new Set(sent.filter(({ method }) => method === 'POST').map(({ authorization }) => authorization)),
        ).toEqual(new Set([`Basic ${btoa('client-api-key-web:')}`]));
      });

  test('a receipt says where an event is stored', async () => {
    const tab = await open();
    expect(await tab.evaluate(async () => (await window.analytics.track('A')).state)).toBe('stored');
    await arrived(['A']);
  });

  test('files that few pages need are loaded only when they are needed', async () => {
    const tab = await open();
    await tab.evaluate(async () => {
      await window.analytics.addSourceMiddleware(({ payload, next }) => next(payload));
      await window.analytics.register({
        name: 'p',
        type: 'enrichment',
        version: '1',
        isLoaded: () => true,
        load: async () => undefined,
        track: (context) => {
          context.event.properties = { seen: true };
          return context;
        },
      });
      await window.analytics.track('A');
    });
    await arrived(['A']);
    expect((await standIn().events())[0]?.properties).toEqual({ seen: true });
  });

  test('a burst of 1 000 calls is a few requests', async () => {
    const tab = await open();
    const names = await tab.evaluate(async () => {
      const all = Array.from({ length: 1_000 }, (_, i) => `Event ${i}`);
      await Promise.all(all.map((name) => window.analytics.track(name)));
      await window.analytics.flush({ timeoutMs: 20_000 });
      return all;
    });
    await arrived(names);
    const posts = (await site().batches()).filter(({ method }) => method === 'POST');
    expect(posts.length).toBeLessThanOrEqual(12);
  });

  test('when all events are delivered no timer is set', async () => {
    const before = `{
      const { setTimeout: set, clearTimeout: clear } = window;
      window.waiting = new Set();
      window.setTimeout = (run, ms, ...args) => {
        const timer = set(() => { waiting.delete(timer); run(...args); }, ms);
        // WebDriver of WebKit has one of its own.
        if (new Error().stack.includes('/dist/')) waiting.add(timer);
        return timer;
      };
      window.clearTimeout = (timer) => { waiting.delete(timer); clear(timer); };
      window.setInterval = () => { throw new Error('an interval'); };
      window.requestAnimationFrame = () => { throw new Error('an animation frame'); };
    }`;
    const tab = await open({ before });
    await tab.evaluate(() => void window.analytics.track('A'));
    await arrived(['A']);
    await until('no timer', () =>
      tab.evaluate(() => (window as unknown as { waiting: Set<unknown> }).waiting.size === 0),
    );
  });

  test('a strict Content-Security-Policy with trusted types reports no violation', async () => {
    const policy =
      "default-src 'none'; img-src 'self'; connect-src 'self'; script-src 'self'; require-trusted-types-for 'script'";
    const script = `
      window.violations = [];
      addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));`;
    await site().page('/strict.js', { body: script, headers: { 'Content-Type': 'text/javascript' } });
    const tab = await openPage({
      headers: { 'Content-Security-Policy': policy },
      body: '<!doctype html><title>Strict</title><script src="/strict.js"></script><script type="module" src="/app.js"></script>',
    });
    await tab.evaluate(async () => {
      await window.analytics.addSourceMiddleware(({ payload, next }) => next(payload));
      await window.analytics.track('A');
    });
    await arrived(['A']);
    expect(await tab.evaluate(() => (window as unknown as { violations: string[] }).violations)).toEqual([]);
  });
});
