/** Calls that are made before the script has loaded, with the printed snippet. */
import type { Page } from 'playwright';
import { expect, type Site, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { snippet } from '../../support/build/snippet.ts';
import { nameOf } from '../../support/site/stand-in.ts';

/** Opens a page whose script loads when the test permits it. `head`: HTML before the snippet. */
async function openBefore(
  { page, site }: { readonly page: Page; readonly site: Site },
  printed = snippet(),
  head = '',
): Promise<() => Promise<void>> {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/e/cio.js', async (route) => {
    await held;
    await route.continue();
  });
  const body = html('Landing', '<h1>Landing</h1>').replace('</head>', `${head}${printed}</head>`);
  await site.page('/landing', { body });
  await page.goto(`${site.origin}/landing?utm_source=mail#top`, {
    waitUntil: 'commit',
    referer: `${site.origin}/from`,
  });
  await page.waitForFunction(() => 'cioanalytics' in window && document.querySelector('h1'));
  return async () => {
    letGo();
    await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
  };
}

test('are made in order, with the time and page of the call, not of the replay', async ({
  page,
  site,
  standIn,
}) => {
  const come = await openBefore({ page, site });
  const called = async (name: string): Promise<readonly number[]> =>
    page.evaluate((event) => {
      const before = Date.now();
      void window.cioanalytics.track(event);
      return [before, Date.now()];
    }, name);
  const times = [await called('First')];
  await page.evaluate(() => {
    history.pushState(null, '', '/boots?size=40');
    document.title = 'Boots';
    void window.cioanalytics.page('Boots');
    void window.cioanalytics.identify('u1', { plan: 'pro' });
  });
  times.push(await called('Second'));
  await page.evaluate(() => {
    history.pushState(null, '', '/thanks');
    document.title = 'Thanks';
  });
  const replayed = await page.evaluate(() => Date.now());
  await come();
  await page.evaluate(() => window.cioanalytics.track('Third'));

  await expect.poll(async () => (await standIn.names()).length).toBe(5);
  const events = await standIn.events();
  const referrer = `${site.origin}/from`;
  expect(events.map((event) => [nameOf(event), event.userId, event.context.page])).toEqual([
    [
      'First',
      undefined,
      {
        path: '/landing',
        search: '?utm_source=mail',
        title: 'Landing',
        referrer,
        url: `${site.origin}/landing?utm_source=mail`,
      },
    ],
    [
      'Boots',
      undefined,
      { path: '/boots', search: '?size=40', title: 'Boots', referrer, url: `${site.origin}/boots?size=40` },
    ],
    [
      'identify',
      'u1',
      { path: '/boots', search: '?size=40', title: 'Boots', referrer, url: `${site.origin}/boots?size=40` },
    ],
    [
      'Second',
      'u1',
      { path: '/boots', search: '?size=40', title: 'Boots', referrer, url: `${site.origin}/boots?size=40` },
    ],
    ['Third', 'u1', { path: '/thanks', search: '', title: 'Thanks', referrer, url: `${site.origin}/thanks` }],
  ]);
  for (const [i, [from = 0, to = 0]] of times.entries()) {
    const at = Date.parse(events[i === 0 ? 0 : 3]?.timestamp ?? '');
    expect(at).toBeGreaterThanOrEqual(from);
    expect(at).toBeLessThanOrEqual(to);
  }
  expect(Date.parse(events[4]?.timestamp ?? '')).toBeGreaterThanOrEqual(replayed);
  expect(events.map((event) => event.context['campaign'])).toEqual([
    { source: 'mail' },
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('have the canonical link of their page only while that page is shown', async ({
  page,
  site,
  standIn,
}) => {
  const link = '<link rel="canonical" href="https://shop.example/canonical">';
  const come = await openBefore({ page, site }, snippet(), link);
  await page.evaluate(() => {
    history.pushState(null, '', '/boots');
    void window.cioanalytics.track('Left');
    history.pushState(null, '', '/thanks');
    void window.cioanalytics.track('There');
  });
  await come();
  await expect
    .poll(async () => (await standIn.events()).map((event) => event.context.page['url']))
    .toEqual([`${site.origin}/boots`, 'https://shop.example/canonical']);
});

test('return their receipts; a later change of their arguments has no effect', async ({
  page,
  site,
  standIn,
}) => {
  const come = await openBefore({ page, site });
  await page.evaluate(() => {
    const properties = { total: 1, items: [{ id: 'a', at: new Date(0) }] };
    const receipts = Promise.all([
      window.cioanalytics.track('Order', properties),
      window.cioanalytics.identify('u1'),
      window.cioanalytics.track('', {}),
    ]);
    properties.total = 2;
    properties.items.pop();
    Object.assign(window, { receipts });
  });
  await come();
  const receipts = await page.evaluate<readonly { id: string; state: string; reason?: string }[]>('receipts');
  expect(receipts.map(({ state, reason }) => [state, reason])).toEqual([
    ['stored', undefined],
    ['stored', undefined],
    ['discarded', 'invalid'],
  ]);
  await expect.poll(() => standIn.names()).toEqual(['Order', 'identify']);
  const [order] = await standIn.events();
  expect(order?.messageId).toBe(receipts[0]?.id);
  expect(order?.properties).toEqual({ total: 1, items: [{ id: 'a', at: '1970-01-01T00:00:00.000Z' }] });
});

test('of Customer.io’s own snippet, and of both, keep one order', async ({ page, site, standIn }) => {
  const theirs = `<script>
    window.cioanalytics = [['track', '1'], ['identify', 'u1', { plan: 'pro' }], 'nonsense', ['no such method'], null];
    cioanalytics.track = function () { cioanalytics.push(['track'].concat([].slice.call(arguments))); return cioanalytics; };
    cioanalytics.track('2');
  </script>`;
  const come = await openBefore({ page, site }, snippet(), theirs);
  await page.evaluate(() => {
    void window.cioanalytics.track('3');
    (window.cioanalytics as unknown as unknown[]).push(['track', '4', { n: 4 }]);
    void window.cioanalytics.track('5');
  });
  await come();
  await page.evaluate(() => window.cioanalytics.track('6'));
  await expect.poll(() => standIn.names()).toEqual(['1', 'identify', '2', '3', '4', '5', '6']);
  expect((await standIn.events())[4]?.properties).toEqual({ n: 4 });
});

test('come before those that are made during the replay', async ({ page, site, standIn }) => {
  const come = await openBefore({ page, site }, snippet('--consent', 'pending'));
  await page.evaluate(() => {
    const { cioanalytics } = window;
    // The listener runs during the replay, in the call of `grant`.
    void cioanalytics.on('consent', () => {
      void window.cioanalytics.track('By the global');
      void cioanalytics.track('By whoever holds the stub');
    });
    void cioanalytics.track('First');
    cioanalytics.consent.grant();
    void cioanalytics.track('Second');
    void cioanalytics.track('Third');
  });
  await come();
  await page.evaluate(() => window.cioanalytics.track('Last'));
  await expect
    .poll(() => standIn.names())
    .toEqual(['First', 'Second', 'Third', 'By the global', 'By whoever holds the stub', 'Last']);
});

test('reach the SDK also later, through a reference to the stub', async ({ page, site, standIn }) => {
  const come = await openBefore({ page, site });
  await page.evaluate(() => Object.assign(window, { analytics: window.cioanalytics }));
  await come();
  const receipt = await page.evaluate(() => window.analytics.track('By the stub'));
  expect(receipt.state).toBe('stored');
  await page.evaluate(() => window.cioanalytics.track('By the global'));
  await expect.poll(() => standIn.names()).toEqual(['By the stub', 'By the global']);
});

test('can be other calls than events: listeners, plugins, middleware, consent, ids, ready', async ({
  page,
  site,
  standIn,
}) => {
  const come = await openBefore({ page, site }, snippet('--consent', 'pending'));
  await page.evaluate(() => {
    const { cioanalytics } = window;
    const told: unknown[] = [];
    const stop = cioanalytics.on('consent', ({ state }) => told.push(state)) as unknown as Promise<
      () => void
    >;
    void cioanalytics.track('Denied');
    cioanalytics.consent.deny();
    cioanalytics.consent.grant();
    void cioanalytics.setAnonymousId('anonymous-1');
    void cioanalytics.track('First');
    void cioanalytics.addSourceMiddleware(({ payload, next }) => {
      payload.obj.properties = { ...payload.obj.properties, middleware: true };
      next(payload);
    });
    void cioanalytics.register({
      name: 'own',
      type: 'enrichment',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track: (context) => {
        context.updateEvent('properties.plugin', true);
        return context;
      },
    });
    void cioanalytics.track('Second');
    cioanalytics.anonymize();
    void cioanalytics.track('Third');
    const flushed = cioanalytics.flush();
    const ready = cioanalytics.ready(() => void told.push('ready'));
    Object.assign(window, { done: Promise.all([stop, ready, flushed]).then(([end]) => (end(), told)) });
  });
  await come();
  expect(await page.evaluate('done')).toEqual(['denied', 'granted', 'ready']);
  await expect.poll(() => standIn.names()).toEqual(['First', 'Second', 'Third']);
  const [first, second, third] = await standIn.events();
  expect(first?.anonymousId).toBe('anonymous-1');
  expect(second?.anonymousId).toBe('anonymous-1');
  expect(third?.anonymousId).not.toBe('anonymous-1');
  expect(second?.properties).toEqual({ middleware: true, plugin: true });
  await page.evaluate(() => window.cioanalytics.consent.deny());
  expect(await page.evaluate('done')).toEqual(['denied', 'granted', 'ready']);
});

test('can be private calls, with a token that was set before', async ({ page, site, standIn }) => {
  await site.change({ customers: true });
  await standIn.setPeople({ ann: { attributes: { plan: 'pro' } } });
  const come = await openBefore({ page, site });
  await page.evaluate(async () => {
    const asked = { userId: 'ann', reason: 'manual', forceRefresh: false, attempt: 1 };
    const response = await fetch('/login', { method: 'POST', body: JSON.stringify(asked) });
    const { token } = (await response.json()) as { token: string };
    const { cioanalytics } = window;
    const nobody = cioanalytics.inbox.messages().catch((cause: { code: string }) => cause.code);
    void cioanalytics.identify('ann');
    cioanalytics.setCustomerToken(token);
    const attributes = cioanalytics.customer.attributes();
    // The call rejects, and no code handles that.
    void cioanalytics.fetch('https://elsewhere.example/');
    Object.assign(window, { done: Promise.all([nobody, attributes]) });
  });
  await come();
  expect(await page.evaluate('done')).toEqual(['identity-changed', { plan: 'pro' }]);
});
