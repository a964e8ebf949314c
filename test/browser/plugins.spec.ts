/** Plugins of the wrapped SDK. */
import { expect, stats, test, told, toldTimes } from '../support/site/fixtures.ts';
import { addsUp } from '../support/page/in-page.ts';
import { tagPage } from '../support/site/site-pages.ts';
import { numbered } from '../support/site/stand-in.ts';

/** A plugin in the page. `hook` receives the event's name. */
const PLUGIN = { type: 'enrichment', version: '1.0.0' } as const;

test('a slow plugin keeps the order of the calls', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate((base) => {
    let left = 20;
    void window.analytics.register({
      ...base,
      name: 'slow',
      isLoaded: () => true,
      load: async () => undefined,
      async track(context) {
        await new Promise((resolve) => setTimeout(resolve, (left-- % 4) * 10));
        return context;
      },
    });
    return Promise.all(Array.from({ length: 20 }, (_, i) => window.analytics.track(`Event ${i + 1}`)));
  }, PLUGIN);
  await expect.poll(() => standIn.names()).toEqual(numbered(20));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: 20, pending: 0 });
});

test('a plugin that loads slowly: calls wait for it, and none is lost', async ({ open, page, standIn }) => {
  await open();
  const pending = await page.evaluate((base) => {
    void window.analytics.register({
      ...base,
      name: 'slow to load',
      isLoaded: () => true,
      load: () => new Promise((resolve) => setTimeout(resolve, 400)),
      track(context) {
        context.updateEvent('properties.seen', true);
        return context;
      },
    });
    void window.analytics.track('A');
    void window.analytics.track('B');
    return window.analytics.stats().pending;
  }, PLUGIN);
  expect(pending).toBe(2);
  await expect.poll(() => standIn.names()).toEqual(['A', 'B']);
  for (const event of await standIn.events()) expect(event.properties).toEqual({ seen: true });
});

test('a plugin that throws, rejects or cancels drops only that event, with a reason', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  const receipts = await page.evaluate(async (base) => {
    await window.analytics.register({
      ...base,
      name: 'moody',
      isLoaded: () => true,
      load: async () => undefined,
      track(context) {
        const { event } = context.event;
        if (event === 'Throws') throw new Error('of the page');
        if (event === 'Rejects') return Promise.reject(new Error('of the page'));
        if (event === 'Cancels') return context.cancel();
        return context;
      },
    });
    return Promise.all(
      ['A', 'Throws', 'Rejects', 'B', 'Cancels', 'C'].map((name) => window.analytics.track(name)),
    );
  }, PLUGIN);
  expect(receipts.map(({ state, reason }) => reason ?? state)).toEqual([
    'stored',
    'before-send',
    'before-send',
    'stored',
    'before-send',
    'stored',
  ]);
  await expect.poll(() => standIn.names()).toEqual(['A', 'B', 'C']);
  expect((await told(page, 'error')).map(({ code }) => code)).toEqual(['plugin-failed', 'plugin-failed']);
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 6, delivered: 3, pending: 0, dropped: { 'before-send': 3 } });
});

test('an enrichment that answers nothing keeps the event, sync or async', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate(async (base) => {
    await window.analytics.register({
      ...base,
      name: 'forgetful',
      isLoaded: () => true,
      load: async () => undefined,
      track(context) {
        context.updateEvent('properties.seen', true);
        return (context.event['event'] === 'Async' ? Promise.resolve() : undefined) as never;
      },
    });
    await Promise.all(['Sync', 'Async'].map((name) => window.analytics.track(name)));
  }, PLUGIN);
  await expect.poll(() => standIn.names()).toEqual(['Sync', 'Async']);
  for (const event of await standIn.events()) expect(event.properties).toEqual({ seen: true });
});

test('a plugin that fails to load is told, and events go on without it', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate((base) => {
    void window.analytics.register({
      ...base,
      name: 'broken',
      isLoaded: () => false,
      load: () => Promise.reject(new Error('of the page')),
      track() {
        throw new Error('never called');
      },
    });
    return window.analytics.track('A');
  }, PLUGIN);
  await toldTimes(page, 'error');
  await expect.poll(() => standIn.names()).toEqual(['A']);
});

test('a plugin that never returns counts as failed after ten seconds; events behind it are sent', async ({
  open,
  page,
  standIn,
}) => {
  await page.clock.install();
  await open();
  await page.evaluate(async (base) => {
    await window.analytics.register({
      ...base,
      name: 'silent',
      isLoaded: () => true,
      load: async () => undefined,
      track: (context) => (context.event['event'] === 'Stuck' ? new Promise(() => {}) : context),
    });
    void window.analytics.track('Stuck');
    void window.analytics.track('Behind');
  }, PLUGIN);
  expect(await stats(page)).toMatchObject({ tracked: 2, pending: 2 });
  await page.clock.fastForward(11_000);
  await expect.poll(() => standIn.names()).toEqual(['Behind']);
  await expect
    .poll(() => stats(page))
    .toMatchObject({ delivered: 1, pending: 0, dropped: { 'before-send': 1 } });
});

test('a destination plugin receives events, and cannot delay them; `integrations` can exclude it', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  const heard = await page.evaluate(async () => {
    const names: unknown[] = [];
    await window.analytics.register({
      name: 'Destination',
      type: 'destination',
      version: '1',
      isLoaded: () => true,
      load: async () => undefined,
      track(context) {
        names.push(context.event['event']);
        throw new Error('of the page');
      },
    });
    await window.analytics.track('Both');
    await window.analytics.track('Not there', {}, { integrations: { Destination: false } });
    await window.analytics.track('None', {}, { integrations: { All: false } });
    await window.analytics.track('There alone', {}, { integrations: { All: false, Destination: true } });
    return names;
  });
  expect(heard).toEqual(['Both', 'There alone']);
  await expect.poll(() => standIn.names()).toEqual(['Both', 'Not there', 'None', 'There alone']);
});

test('calls that a plugin makes arrive, after the event during which it made them', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  await page.evaluate(async (base) => {
    await window.analytics.register({
      ...base,
      name: 'echo',
      isLoaded: () => true,
      load: async () => undefined,
      page(context) {
        void window.analytics.track('Echo');
        return context;
      },
    });
    await window.analytics.page('Home');
  }, PLUGIN);
  await expect.poll(() => standIn.names()).toEqual(['Home', 'Echo']);
  expect(addsUp(await stats(page))).toBe(true);
});

test('the page is left while a plugin still works on an event: the event is sent or counted as dropped', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await page.evaluate(async (base) => {
    await window.analytics.register({
      ...base,
      name: 'slow',
      isLoaded: () => true,
      load: async () => undefined,
      async track(context) {
        await Promise.resolve();
        return context;
      },
    });
    void window.analytics.track('Left');
    location.href = '/next';
  }, PLUGIN);
  await page.waitForURL('**/next');
  await expect.poll(() => standIn.account(['Left'])).toMatchObject({ delivered: 1 });
  expect(await site.hits()).toContain('GET /next');
});

/** This test runs on the published build, in which internal names are shortened. */
test.describe('members that plugins of the wrapped SDK use exist on the instance that they receive', () => {
  /** The members that the in-app plugin uses. */
  interface Instance {
    user(): { id(): unknown; anonymousId(): unknown; traits(): unknown };
    on(name: string, listener: (...args: readonly unknown[]) => void): Instance;
    track(name: string, properties?: object): Promise<unknown>;
    identify(id: string, traits: object): Promise<unknown>;
    inbox?: () => unknown;
    readonly options: unknown;
    readonly queue: { readonly plugins: readonly { readonly name: string }[] };
  }
  const METHODS =
    'alias deregister emit group identify off on once page ready register reset screen setAnonymousId track user'.split(
      ' ',
    );

  for (const [build, global] of [
    ['npm build', 'analytics'],
    ['script tag', 'cioanalytics'],
  ] as const)
    test(build, async ({ open, page, site, standIn }) => {
      if (global === 'analytics') await open();
      else {
        await site.page('/tag', tagPage());
        await page.goto(`${site.origin}/tag`);
        await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
      }
      const found = await page.evaluate(
        async ({ global, methods }) => {
          const analytics = window[global];
          const heard: unknown[] = [];
          const instance = await new Promise<Instance>((resolve) => {
            void analytics.register({
              name: 'reads',
              type: 'before',
              version: '1.0.0',
              isLoaded: () => true,
              async load(_context, given) {
                const own = given as Instance;
                own.inbox = () => 'of the plugin';
                own.on('reset', () => heard.push('reset'));
                own.on('track', (...args) => heard.push(args.slice(0, 2)));
                await own.track('From load', { metric: 'opened' });
                resolve(own);
              },
            });
          });
          await analytics.ready();
          const before = instance.user().anonymousId();
          await instance.identify('u1', { plan: 'pro' });
          await analytics.track('From the page', { a: 1 });
          const known = [instance.user().id(), instance.user().traits()];
          analytics.reset();
          await analytics.track('After');
          return {
            missing: methods.filter((name) => typeof (instance as never)[name] !== 'function'),
            heard,
            known,
            isNew: typeof before === 'string' && before !== instance.user().anonymousId(),
            plugins: instance.queue.plugins.map(({ name }) => name),
            inbox: instance.inbox?.(),
            options: instance.options,
          };
        },
        { global, methods: METHODS },
      );
      expect(found).toEqual({
        missing: [],
        heard: [['From load', { metric: 'opened' }], ['From the page', { a: 1 }], 'reset', ['After', {}]],
        known: ['u1', { plan: 'pro' }],
        isNew: true,
        plugins: ['reads'],
        inbox: 'of the plugin',
        options: { integrations: {}, useQueryString: false, disableClientPersistence: true },
      });
      const made = ['From load', 'identify', 'From the page', 'After'];
      const arrived = async (): Promise<readonly unknown[]> =>
        (await standIn.events()).map(({ type, event }) => event ?? type);
      await expect.poll(async () => (await arrived()).filter((name) => name !== 'page')).toEqual(made);
    });
});
