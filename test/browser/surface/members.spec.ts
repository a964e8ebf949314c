/** Every member of Customer.io's SDK on our instance: those that are supported work, the others say what to use instead. */
import type { Page } from 'playwright';
import { expect, test, told } from '../../support/site/fixtures.ts';
import { vendorMembers, type VendorMember } from '../../support/docs/vendor-members.ts';

const MEMBERS = vendorMembers();
/** Their presence would make an instance a promise, which `await` would resolve to something else. */
const ABSENT = new Set(['then', 'catch', 'finally']);
const present = MEMBERS.filter(({ name }) => !ABSENT.has(name));

interface Seen {
  /** `typeof` the member, or of the error that reading it throws. */
  readonly kind: string;
  readonly error?: { readonly name: string; readonly code: string; readonly message: string };
  readonly isOwn: boolean;
}

const look = (page: Page, members: readonly VendorMember[]): Promise<Record<string, Seen>> =>
  page.evaluate(
    (names) => {
      const analytics = window.analytics as unknown as Record<string, unknown>;
      const look = (name: string): Seen => {
        const isOwn = Object.hasOwn(analytics, name);
        try {
          return { kind: typeof analytics[name], isOwn };
        } catch (error) {
          const { name: kind, code, message } = error as Error & { code: string };
          return { kind: 'error', isOwn, error: { name: kind, code, message } };
        }
      };
      return Object.fromEntries(names.map((name) => [name, look(name)]));
    },
    members.map(({ name }) => name),
  );

test('the list has the members of the declarations', () => {
  const names = MEMBERS.map(({ name }) => name);
  expect(names.length).toBeGreaterThanOrEqual(60);
  for (const name of ['trackLink', 'settings', 'VERSION', 'emit', 'load', 'ctx', 'push', 'then', 'inbox'])
    expect(names).toContain(name);
  expect(names).not.toContain('_dispatch');
});

test('methods are functions, properties have a value, or throw an error that says what to use', async ({
  open,
  page,
}) => {
  await open();
  const seen = await look(page, present);
  for (const { name, isMethod } of present) {
    const member = seen[name];
    expect(member, name).toMatchObject({ isOwn: true });
    if (isMethod) expect(member?.kind, name).toBe('function');
    else if (member?.error) {
      expect(member.error, name).toMatchObject({ name: 'SdkError', code: 'unsupported' });
      expect(member.error.message, name).toMatch(new RegExp(`^${name} is not supported: use `));
    } else expect(member?.kind, name).not.toBe('undefined');
  }
  expect(
    Object.entries(seen)
      .flatMap(([name, { error }]) => (error ? [name] : []))
      .sort(),
  ).toEqual(['ctx', 'options', 'queue', 'settings', 'storage']);
});

test('an instance passes through `await`, can be copied and printed', async ({ open, page }) => {
  await open();
  const result = await page.evaluate(async () => {
    const { analytics } = window;
    const absent = ['then', 'catch', 'finally'].filter((name) => name in analytics);
    const same = (await Promise.resolve(analytics)) === analytics;
    return [absent, same, JSON.stringify({ ...analytics }).length > 2];
  });
  expect(result).toEqual([[], true, true]);
});

const UNSUPPORTED: Readonly<Record<string, RegExp>> = {
  load: /createAnalytics/,
  addDestinationMiddleware: /beforeSend/,
  addIntegrationMiddleware: /addSourceMiddleware/,
  addIntegration: /register/,
  add: /register/,
  normalize: /beforeSend/,
  noConflict: /data-global/,
  log: /debug/,
  addEventListener: /on\(\)/,
  removeEventListener: /off/,
  removeListener: /off/,
  removeAllListeners: /off/,
  listeners: /on\(\)/,
  hasListeners: /on\(\)/,
};

test('methods that are not supported reject, and say what to use; the event `error` reports each', async ({
  open,
  page,
}) => {
  await open();
  const rejected = await page.evaluate(async (names) => {
    const analytics = window.analytics as unknown as Record<string, (arg: unknown) => Promise<unknown>>;
    const settled = await Promise.allSettled(names.map(async (name) => analytics[name]?.({})));
    return settled.map((each) =>
      each.status === 'rejected'
        ? { name: each.reason.name, code: each.reason.code, message: each.reason.message }
        : each.value,
    );
  }, Object.keys(UNSUPPORTED));
  for (const [i, [name, instead]] of Object.entries(UNSUPPORTED).entries()) {
    expect(rejected[i], name).toMatchObject({ name: 'SdkError', code: 'unsupported' });
    const { message } = rejected[i] as { readonly message: string };
    expect(message).toMatch(new RegExp(`^${name}\\(\\) is not supported: use `));
    expect(message).toMatch(instead);
  }
  const reported = (await told(page, 'error')).map(({ message }) => message);
  const messages = rejected.map((each) => (each as { readonly message: string }).message);
  expect(new Set(reported)).toEqual(new Set(messages));
  expect(reported).toHaveLength(messages.length);
});

test('a rejection that nobody handles is one warning with the link to its page', async ({ open, page }) => {
  const lines: string[] = [];
  page.on('console', (line) => lines.push(line.text()));
  await open();
  await page.evaluate(async () => {
    const analytics = window.createAnalytics({ proxyUrl: '/e', clientKey: 'second' });
    void analytics.normalize({});
    void analytics.log('x');
  });
  await expect.poll(() => lines.length).toBe(1);
  expect(lines[0]).toMatch(/(normalize|log)\(\) is not supported: use .*errors\/unsupported\.md/);
});

test('members that return at once: as in Customer.io’s SDK', async ({ open, page }) => {
  await open('/shop', { integrations: { All: true, Other: false } });
  const result = await page.evaluate(async () => {
    const { analytics } = window;
    const heard: unknown[] = [];
    const listener = (...args: unknown[]): unknown => heard.push(args);
    const own = analytics
      .once('free name', listener)
      .emit('free name', 1, 'two')
      .emit('free name', 3)
      .off('free name', listener)
      .debug(false)
      .use((given) => heard.push(given === analytics));
    return {
      heard,
      isSame: own === analytics && analytics.instance === analytics,
      timeout: analytics.timeout(500) ?? null,
      initialized: analytics.initialized,
      integrations: analytics.integrations,
      empty: [analytics.plugins, analytics.Integrations, analytics.failedInitializations],
      version: analytics.VERSION,
      later: [(await analytics.init()) === analytics, (await analytics.initialize({})) === analytics],
    };
  });
  expect(result).toMatchObject({
    heard: [[1, 'two'], true],
    isSame: true,
    timeout: null,
    initialized: true,
    integrations: { All: true, Other: false },
    empty: [{}, {}, []],
    later: [true, true],
  });
  expect(result.version).toMatch(/^\d+\.\d+\.\d+/);
});

test('once and off: for the events of Customer.io’s SDK and for ours, with their arguments', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  const heard = await page.evaluate(async () => {
    const { analytics } = window;
    const heard: unknown[] = [];
    const removed = (): unknown => heard.push('removed');
    analytics.on('track', removed);
    analytics.on('track', removed);
    analytics.once('track', removed);
    analytics.off('track', removed);
    analytics.off('never listened to', removed);
    analytics.once('track', (name: string, properties: unknown) => heard.push([name, properties]));
    analytics.once('stored', ({ ids }: { ids: readonly string[] }) => heard.push(ids.length));
    // A listener that makes the same event hears it once all the same.
    analytics.once('again', () => {
      heard.push('again');
      analytics.emit('again');
    });
    analytics.emit('again');
    await analytics.track('A', { n: 1 });
    await analytics.track('B');
    return heard;
  });
  expect(heard).toEqual(['again', ['A', { n: 1 }], 1]);
  await expect.poll(() => standIn.names()).toEqual(['A', 'B']);
});

test('a listener that throws reaches neither the page nor the other listeners', async ({ open, page }) => {
  await open();
  const heard = await page.evaluate(() => {
    const heard: string[] = [];
    window.analytics
      .once('free', () => {
        throw new Error('of the page');
      })
      .once('free', () => heard.push('second'))
      .emit('free')
      .use(() => {
        throw new Error('of the page');
      });
    return heard;
  });
  expect(heard).toEqual(['second']);
  expect((await told(page, 'error')).map(({ code }) => code)).toEqual(['plugin-failed', 'plugin-failed']);
});

test('pageview, pageView and push make their events in the order of the calls', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  await page.evaluate(async () => {
    const { analytics } = window;
    void analytics.pageview('/one');
    void analytics.track('A');
    analytics.push(['track', 'B', { n: 2 }]);
    const { state } = await analytics.pageView('/two');
    if (state !== 'stored') throw new Error(state);
  });
  await expect.poll(() => standIn.names()).toEqual(['page', 'A', 'B', 'page']);
  const events = await standIn.events();
  expect(events.map(({ properties }) => properties?.['path'] ?? properties?.['n'])).toEqual([
    '/one',
    undefined,
    2,
    '/two',
  ]);
});

test('queryString sets the ids and makes the calls of a link, with time and page of the call', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  const receipts = await page.evaluate(async () => {
    const query =
      'https://x.example/a?ajs_aid=anon-7&ajs_uid=u%2B7&ajs_trait_plan=pro+plus&ajs_event=Mail+opened&ajs_prop_id=9&b=c#ajs_uid=no';
    const made = window.analytics.queryString(query);
    history.pushState(null, '', '/later');
    return made;
  });
  expect(receipts.map(({ state }) => state)).toEqual(['stored', 'stored']);
  await expect.poll(() => standIn.names()).toEqual(['identify', 'Mail opened']);
  const [identify, track] = await standIn.events();
  expect(identify).toMatchObject({ userId: 'u+7', anonymousId: 'anon-7', traits: { plan: 'pro plus' } });
  expect(track).toMatchObject({ userId: 'u+7', properties: { id: '9' } });
  expect(track?.context.page['path']).toBe('/shop');
  expect(await page.evaluate(() => window.analytics.queryString('?a=b'))).toEqual([]);
});

test('debug(true) turns the log on, and debug(false) off', async ({ open, page }) => {
  const lines: string[] = [];
  page.on('console', (line) => lines.push(line.text()));
  await open();
  const track = (name: string): Promise<unknown> =>
    page.evaluate(async (event) => {
      await window.analytics.track(event);
      await window.analytics.flush();
    }, name);
  await track('Quiet');
  expect(lines).toEqual([]);
  await page.evaluate(() => window.analytics.debug(true));
  await track('Told');
  await expect.poll(() => lines.join('\n')).toMatch(/call[\s\S]*delivered/);
  const { length } = lines;
  await page.evaluate(() => window.analytics.debug(false));
  await track('Quiet again');
  expect(lines).toHaveLength(length);
});

test('before consent nothing is requested; the methods of the lazy file wait for the decision', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open('/shop', { consent: 'pending' });
  await page.evaluate(() => {
    const { analytics } = window;
    void analytics.queryString('?ajs_event=Later');
    void analytics.normalize({});
    analytics.debug(true);
    for (const name of ['queue', 'storage'] as const)
      try {
        void analytics[name];
      } catch {
        // The error of a member that is not supported.
      }
  });
  await page.waitForTimeout(300);
  expect((await site.hits()).filter((hit) => /cio-/.test(hit))).toEqual([]);
  await page.evaluate(() => window.analytics.consent.grant());
  await expect.poll(() => standIn.names()).toEqual(['Later']);
  expect((await told(page, 'error')).map(({ code }) => code)).toEqual(['unsupported']);
});

test('after wrong options no member throws or rejects', async ({ page, site }) => {
  await page.goto(`${site.origin}/blank`);
  const results = await page.evaluate(
    async ({ names, url }) => {
      const { createAnalytics } = (await import(url)) as {
        createAnalytics(options: object): object;
      };
      const analytics = createAnalytics({ proxyUrl: '/e' }) as Record<string, unknown>;
      const failed: string[] = [];
      for (const name of names) {
        try {
          const member = analytics[name];
          const arg = name.startsWith('track') ? 'E' : name === 'use' ? () => {} : undefined;
          if (typeof member === 'function') await (member as (...args: unknown[]) => unknown)(arg, () => {});
        } catch (error) {
          failed.push(`${name}: ${String(error)}`);
        }
      }
      return failed;
    },
    { names: present.map(({ name }) => name), url: '/dist/index.js' },
  );
  expect(results).toEqual([]);
});
