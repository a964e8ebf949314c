import { expect, stats, test } from '../support/site/fixtures.ts';
import { addsUp } from '../support/page/in-page.ts';
import { page as html, tagPage } from '../support/site/site-pages.ts';
import { nameOf } from '../support/site/stand-in.ts';

test.describe('npm build in a single-page app', () => {
  test('page views and events of three URLs arrive in order, each with its own page', async ({
    page,
    site,
    spa,
    standIn,
  }) => {
    await site.change({ folder: spa });
    await page.goto(`${site.origin}/app/`);
    await page.getByRole('button').click();
    for (const name of ['Boots', 'Tents']) {
      await page.getByRole('link', { name }).click();
      await page.getByRole('button').click();
    }
    await page.goBack();
    await page.getByRole('button').click();

    await expect
      .poll(async () => (await standIn.events()).map((event) => [nameOf(event), event.context.page['path']]))
      .toEqual([
        ['Home', '/app/'],
        ['Bought', '/app/'],
        ['Boots', '/app/boots'],
        ['Bought', '/app/boots'],
        ['Tents', '/app/tents'],
        ['Bought', '/app/tents'],
        ['Boots', '/app/boots'],
        ['Bought', '/app/boots'],
      ]);
    const events = await standIn.events();
    for (const event of events) {
      expect(event.context.page['url']).toBe(site.origin + event.context.page['path']);
    }
    expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 8, delivered: 8, pending: 0 });
  });
});

test.describe('script tag', () => {
  test('calls that are made before the script has loaded are replayed in order, then later calls follow', async ({
    page,
    site,
    standIn,
  }) => {
    // Without a token the proxy accepts an alias only if the previous id is random and is the event's
    // anonymous id.
    const id = '6d8f2f0e-2f5c-4c1b-9d0a-7b1f5e3a9c42';
    const before = `
      cioanalytics.page('Landing');
      cioanalytics.track('First', { n: 1 });
      cioanalytics.identify('u1', { plan: 'pro' });
      cioanalytics.track('Second', { n: 2 });
      cioanalytics.group('g1', { seats: 3 });
      cioanalytics.alias('u2', '${id}', { anonymousId: '${id}' });
      cioanalytics.on('track', function (name) { (window.heard = window.heard || []).push(name); });
      cioanalytics.track('Third', { n: 3 });`;
    await site.page('/tag', tagPage('', before));
    await page.goto(`${site.origin}/tag`);
    await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
    const receipt = await page.evaluate(() => window.cioanalytics.track('Fourth'));

    expect(receipt.state).toBe('stored');
    await expect
      .poll(async () => (await standIn.events()).map((event) => [event.type, nameOf(event)]))
      .toEqual([
        ['page', 'Landing'],
        ['track', 'First'],
        ['identify', 'identify'],
        ['track', 'Second'],
        ['group', 'group'],
        ['alias', 'alias'],
        ['track', 'Third'],
        ['track', 'Fourth'],
      ]);
    const [, first, , second] = await standIn.events();
    expect(first).not.toHaveProperty('userId');
    expect(second?.userId).toBe('u1');
    expect(first?.anonymousId).toBe(second?.anonymousId);
    const heard = await page.evaluate(() => (window as unknown as { heard: string[] }).heard);
    expect(heard.slice(-2)).toEqual(['Third', 'Fourth']);
  });

  test('a queue of Customer.io’s own snippet is replayed, and invalid entries are skipped', async ({
    page,
    site,
    standIn,
  }) => {
    const queue = `[['track', 'A'], 'nonsense', ['no such method', 1], ['constructor'], null, ['track', 'B', { n: 2 }]]`;
    await site.page('/tag', {
      body: html(
        'Queue',
        `<script>window.cioanalytics = ${queue};</script>
         <script src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web"></script>`,
      ),
    });
    await page.goto(`${site.origin}/tag`);
    await expect.poll(() => standIn.names()).toEqual(['A', 'B']);
  });

  test('data-global gives the global another name', async ({ page, site, standIn }) => {
    await site.page('/tag', {
      body: html(
        'Named',
        '<script src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web" data-global="cdp"></script>',
      ),
    });
    await page.goto(`${site.origin}/tag`);
    await page.evaluate(() => (window as unknown as { cdp: typeof window.analytics }).cdp.track('Named'));
    await expect.poll(() => standIn.names()).toEqual(['Named']);
    expect(await page.evaluate(() => 'cioanalytics' in window)).toBe(false);
  });

  test('without a key the page creates its instance itself, with every option', async ({
    page,
    site,
    standIn,
  }) => {
    await site.page('/tag', {
      body: html(
        'By hand',
        `<script src="/e/cio.js"></script>
         <script>
           window.made = cioanalytics.createAnalytics({
             proxyUrl: '/e',
             clientKey: 'client-api-key-web',
             beforeSend: (event) => ({ ...event, properties: { seen: true } }),
           });
         </script>`,
      ),
    });
    await page.goto(`${site.origin}/tag`);
    await page.evaluate(() => (window as unknown as { made: typeof window.analytics }).made.track('By hand'));
    await expect.poll(async () => (await standIn.events())[0]?.properties).toEqual({ seen: true });
  });

  test('the script from the proxy’s own origin works, without requests to other servers', async ({
    page,
    site,
    standIn,
  }) => {
    await site.page('/tag', {
      body: html(
        'Elsewhere',
        `<script async src="${site.apiOrigin}/cio.js" data-proxy-url="${site.apiOrigin}" data-client-key="client-api-key-web"></script>`,
      ),
    });
    await page.goto(`${site.origin}/tag`);
    await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
    await page.evaluate(() => window.cioanalytics.track('Elsewhere'));
    await expect.poll(() => standIn.names()).toEqual(['Elsewhere']);
    expect(await site.hits()).toEqual(['GET /tag']);
  });
});

test.describe('consent pending', () => {
  const NOTHING = { cookie: '', local: [], session: [], databases: [] };
  const traces = async (): Promise<typeof NOTHING> => ({
    cookie: document.cookie,
    local: Object.keys(localStorage) as never[],
    session: Object.keys(sessionStorage) as never[],
    databases: (await indexedDB.databases()).map(({ name }) => name) as never[],
  });

  test('stores and requests nothing before the grant; then every call arrives as it was made', async ({
    page,
    site,
    standIn,
  }) => {
    await site.page(
      '/tag',
      tagPage('data-consent="pending"', `cioanalytics.track('Before the script');`, 'One'),
    );
    await page.goto(`${site.origin}/tag?utm_source=mail`);
    await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
    const receipts = await page.evaluate(async () => {
      const first = await window.cioanalytics.track('On the first page');
      history.pushState(null, '', '/two');
      document.title = 'Two';
      const second = await window.cioanalytics.identify('u1');
      const third = await window.cioanalytics.track('On the second page');
      return [first.state, second.state, third.state];
    });
    expect(receipts).toEqual(['held', 'held', 'held']);
    expect(await page.evaluate(traces)).toEqual(NOTHING);
    expect(await page.context().cookies()).toEqual([]);
    expect(await page.evaluate(() => window.cioanalytics.stats())).toMatchObject({ tracked: 4, pending: 4 });
    expect(await site.batches()).toEqual([]);
    expect(await site.hits()).toEqual(['GET /tag?utm_source=mail', 'GET /e/cio.js']);

    const before = Date.now();
    await page.evaluate(() => {
      history.pushState(null, '', '/three');
      document.title = 'Three';
      window.cioanalytics.consent.grant();
      void window.cioanalytics.track('After the grant');
    });
    await expect
      .poll(async () =>
        (await standIn.events()).map((event) => [
          nameOf(event),
          event.context.page['title'],
          event.context.page['path'],
        ]),
      )
      .toEqual([
        ['Before the script', 'One', '/tag'],
        ['On the first page', 'One', '/tag'],
        ['identify', 'Two', '/two'],
        ['On the second page', 'Two', '/two'],
        ['After the grant', 'Three', '/three'],
      ]);
    const events = await standIn.events();
    for (const event of events.slice(0, 4)) expect(Date.parse(event.timestamp)).toBeLessThan(before);
    expect(events.map(({ userId }) => userId)).toEqual([undefined, undefined, 'u1', 'u1', 'u1']);
    expect(events.map((event) => event.context['campaign'])).toEqual([
      { source: 'mail' },
      { source: 'mail' },
      undefined,
      undefined,
      undefined,
    ]);
    await expect.poll(async () => addsUp(await page.evaluate(() => window.cioanalytics.stats()))).toBe(true);
  });

  test('denied: held calls are dropped, later ones are not held, and nothing is stored', async ({
    page,
    site,
    standIn,
  }) => {
    await site.page('/tag', tagPage('data-consent="pending"', `cioanalytics.track('Held');`));
    await page.goto(`${site.origin}/tag`);
    await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
    const later = await page.evaluate(() => {
      window.cioanalytics.consent.deny();
      return window.cioanalytics.track('Later');
    });
    expect(later).toMatchObject({ state: 'discarded', reason: 'consent' });
    expect(await page.evaluate(traces)).toEqual(NOTHING);
    const counts = await page.evaluate(() => window.cioanalytics.stats());
    expect(counts).toMatchObject({ tracked: 2, delivered: 0, pending: 0, dropped: { consent: 2 } });
    expect(await site.batches()).toEqual([]);
    expect(await standIn.names()).toEqual([]);
  });
});
