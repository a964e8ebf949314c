/** Page views that the SDK makes automatically. Tests with frameworks: test/browser/apps. */
import type { Page } from 'playwright';
import { expect, type Site, stats, test, toldTimes } from '../support/site/fixtures.ts';
import { addsUp } from '../support/page/in-page.ts';
import { page as html, tagPage } from '../support/site/site-pages.ts';
import { nameOf, type StandIn } from '../support/site/stand-in.ts';

type View = readonly [title: string, path: string, referrer: string];

async function views(standIn: StandIn): Promise<readonly View[]> {
  const events = await standIn.events();
  return events
    .filter(({ type }) => type === 'page')
    .map(({ context: { page } }) => [page['title'] ?? '', page['path'] ?? '', page['referrer'] ?? '']);
}

/** Navigates as frameworks do: the title changes the given number of milliseconds after the URL. */
const visit = (page: Page, path: string, titleAfterMs = 20): Promise<void> =>
  page.evaluate(
    ([to, afterMs]) =>
      new Promise<void>((resolve) => {
        history.pushState(null, '', to);
        setTimeout(() => {
          document.title = to;
          resolve();
        }, afterMs);
      }),
    [path, titleAfterMs] as const,
  );

/** An identify call makes all waiting page views at once, so no earlier view can follow this event. */
const mark = (page: Page): Promise<unknown> => page.evaluate(() => window.analytics.alias('somebody'));

const NAVIGATIONS = {
  'with the Navigation API': async (): Promise<void> => undefined,
  'without it': (page: Page): Promise<unknown> =>
    page.addInitScript(() => Object.defineProperty(window, 'navigation', { value: undefined })),
};

for (const [how, prepare] of Object.entries(NAVIGATIONS)) {
  test.describe(`history, ${how}`, () => {
    test.beforeEach(({ page }) => prepare(page));

    test('each new URL is one view, with its own title, and going back is a new view', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history' });
      await expect.poll(() => views(standIn)).toEqual([['Shop', '/shop', '']]);
      await visit(page, '/boots?size=40');
      await visit(page, '/tents');
      await page.goBack();
      await page.evaluate(() => void (document.title = 'Boots again'));
      await mark(page);
      const origin = site.origin;
      const expected = [
        ['Shop', '/shop', ''],
        ['/boots?size=40', '/boots', `${origin}/shop`],
        ['/tents', '/tents', `${origin}/boots?size=40`],
        ['Boots again', '/boots', `${origin}/tents`],
      ];
      await expect.poll(() => views(standIn)).toEqual(expected);
      const [, boots] = await standIn.events();
      expect(boots?.properties).toMatchObject({ search: '?size=40', url: `${origin}/boots?size=40` });
      await expect.poll(async () => addsUp(await stats(page))).toBe(true);
    });

    test('the same URL again is no view: pushed twice, replaced, another state, another hash', async ({
      open,
      page,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history' });
      await page.evaluate(() => {
        history.replaceState({ scroll: 10 }, '');
        history.pushState(null, '', '/boots');
        history.pushState(null, '', '/boots');
        history.replaceState({ scroll: 20 }, '', '/boots');
        history.pushState(null, '', '/boots#sizes');
        location.hash = 'colours';
      });
      await mark(page);
      await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['page', 'page', 'alias']);
      expect((await views(standIn)).map(([, path]) => path)).toEqual(['/shop', '/boots']);
    });

    test('with `hash` another hash is another page', async ({ open, page, site, standIn }) => {
      await open('/shop', { pageViews: { mode: 'history', hash: true } });
      for (const hash of ['#/boots', '#/tents', '#/tents']) {
        await page.evaluate((to) => void (location.hash = to), hash);
        await page.evaluate((title) => void (document.title = title), hash);
      }
      await page.goBack();
      await mark(page);
      await expect
        .poll(async () =>
          (await standIn.events()).map(({ type, properties }) => type === 'page' && properties?.['url']),
        )
        .toEqual([
          `${site.origin}/shop`,
          `${site.origin}/shop#/boots`,
          `${site.origin}/shop#/tents`,
          `${site.origin}/shop#/boots`,
          false,
        ]);
      expect((await views(standIn))[2]?.[2]).toBe(`${site.origin}/shop#/boots`);
    });

    for (const [name, option, views] of [
      ['by default each letter is a page', {}, ['/shop', '/search', '/search?q=b', '/search?q=bo', '/boots']],
      ['`search: false` looks at the path alone', { search: false }, ['/shop', '/search', '/boots']],
      [
        '`replace: false` leaves out what takes the place',
        { replace: false },
        ['/shop', '/search', '/boots'],
      ],
    ] as const)
      test(`search-as-you-type: ${name}`, async ({ open, page, site, standIn }) => {
        await open('/shop', { pageViews: { mode: 'history', ...option } });
        await visit(page, '/search');
        await page.evaluate(() => {
          void window.analytics.alias('searching');
          for (const letters of ['b', 'bo']) history.replaceState(null, '', `?q=${letters}`);
          void window.analytics.track('Searched');
          history.pushState(null, '', '/boots');
        });
        await mark(page);
        const told = async (): Promise<readonly unknown[]> =>
          (await standIn.events())
            .filter(({ type }) => type === 'page')
            .map(({ properties }) => String(properties?.['url']).replace(site.origin, ''));
        await expect.poll(told).toEqual(views);
        const events = await standIn.events();
        const searched = events.find(({ event }) => event === 'Searched');
        expect(searched?.context.page['url']).toBe(`${site.origin}/search?q=bo`);
        const [boots] = events.filter(({ type }) => type === 'page').slice(-1);
        expect(boots?.properties?.['referrer']).toBe(`${site.origin}/search?q=bo`);
      });

    test('replace: false`: a router that redirects at once makes one view, of the target', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await open('/shop', { pageViews: { mode: 'history', replace: false } });
      await expect.poll(() => views(standIn)).toHaveLength(1);
      await page.evaluate(() => {
        history.pushState(null, '', '/account');
        history.replaceState(null, '', '/sign-in');
        document.title = 'Sign in';
      });
      await expect
        .poll(() => views(standIn))
        .toEqual([
          ['Shop', '/shop', ''],
          ['Sign in', '/sign-in', `${site.origin}/shop`],
        ]);
    });

    test('a closed instance makes no more views, and restores the history functions', async ({
      open,
      page,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history' });
      await expect.poll(() => views(standIn)).toHaveLength(1);
      const isOriginal = await page.evaluate(() => {
        history.pushState(null, '', '/boots');
        window.analytics.close();
        history.pushState(null, '', '/tents');
        return [history.pushState, history.replaceState].every((each) =>
          String(each).includes('[native code]'),
        );
      });
      expect(isOriginal).toBe(true);
      await page.evaluate(() => {
        window.analytics = window.createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
      });
      await mark(page);
      await expect
        .poll(async () =>
          (await standIn.events()).map((event) => [nameOf(event), event.context.page['path']]),
        )
        .toEqual([
          ['page', '/shop'],
          ['page', '/boots'],
          ['alias', '/tents'],
        ]);
    });

    test('pages that were visited while consent was pending are sent after the grant, in call order', async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await open('/shop', { pageViews: 'history', consent: 'pending' });
      await page.evaluate(() => void window.analytics.track('A'));
      await visit(page, '/boots');
      await page.evaluate(() => void window.analytics.track('B'));
      await visit(page, '/tents');
      const granted = await page.evaluate(() => {
        const at = Date.now();
        window.analytics.consent.grant();
        return at;
      });
      await mark(page);
      const names = async (): Promise<readonly unknown[]> =>
        (await standIn.events()).map((event) => [
          nameOf(event),
          event.context.page['title'],
          event.context.page['path'],
        ]);
      const expected = [
        ['page', 'Shop', '/shop'],
        ['A', 'Shop', '/shop'],
        ['page', '/boots', '/boots'],
        ['B', '/boots', '/boots'],
        ['page', '/tents', '/tents'],
        ['alias', '/tents', '/tents'],
      ];
      await expect.poll(names).toEqual(expected);
      const events = await standIn.events();
      const times = events.map(({ timestamp }) => Date.parse(timestamp));
      expect(times).toEqual([...times].sort((one, other) => one - other));
      expect(times[0]).toBeLessThan(granted);
      expect(events[4]?.context.page['referrer']).toBe(`${site.origin}/boots`);
    });
  });
}

test('manual, as by default: no view is made, and nothing is loaded', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open();
  await visit(page, '/boots');
  await mark(page);
  await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['alias']);
  expect((await site.hits()).join()).not.toContain('pages');
});

test('load: one view, of the page that was loaded', async ({ open, page, standIn }) => {
  await open('/shop', { pageViews: 'load' });
  await visit(page, '/boots');
  await mark(page);
  await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['page', 'alias']);
  expect(await views(standIn)).toEqual([['Shop', '/shop', '']]);
});

test('the script tag has it as an attribute', async ({ page, site, standIn }) => {
  await site.page('/tag', tagPage('data-page-views="history"'));
  await page.goto(`${site.origin}/tag`);
  await page.waitForFunction(() => typeof window.cioanalytics.stats === 'function');
  await visit(page, '/boots');
  await expect
    .poll(() => views(standIn))
    .toEqual([
      ['Tag', '/tag', ''],
      ['/boots', '/boots', `${site.origin}/tag`],
    ]);
  expect(await site.hits()).toContain('GET /e/cio-pages.js');
});

test('a view has the time of its navigation, and the title and canonical URL that came later', async ({
  open,
  page,
  standIn,
}) => {
  await open('/shop', { pageViews: 'history' });
  await expect.poll(() => views(standIn)).toHaveLength(1);
  const before = await page.evaluate(() => {
    const link = document.createElement('link');
    link.rel = 'canonical';
    link.setAttribute('href', 'https://shop.example.com/boots');
    history.pushState(null, '', '/b');
    const at = Date.now();
    setTimeout(() => {
      document.title = 'Loading';
      setTimeout(() => {
        document.title = 'Boots';
        document.head.append(link);
      }, 60);
    }, 300);
    return at;
  });
  await expect.poll(() => views(standIn)).toHaveLength(2);
  const event = (await standIn.events())[1];
  expect(event?.properties).toMatchObject({
    title: 'Boots',
    url: 'https://shop.example.com/boots',
    path: '/boots',
  });
  expect(Date.parse(event?.timestamp ?? '')).toBeLessThanOrEqual(before);
});

test('a page that is left before its title has settled still makes a view', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open('/shop', { pageViews: 'history' });
  await expect.poll(() => views(standIn)).toHaveLength(1);
  await page.evaluate(() => {
    history.pushState(null, '', '/boots');
    document.title = 'Boots';
    location.href = '/blank';
  });
  await page.waitForURL('**/blank');
  await page.goto(`${site.origin}/next`);
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => views(standIn)).toContainEqual(['Boots', '/boots', `${site.origin}/shop`]);
});

test('a page that is left before the file has loaded still makes a view', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await page.route('**/cio-pages.js', () => new Promise(() => undefined));
  await open('/shop', { pageViews: 'history' });
  await page.waitForFunction(() => 'analytics' in window);
  await page.goto(`${site.origin}/blank`);
  await page.unroute('**/cio-pages.js');
  await open('/next', { pageViews: 'manual' });
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(() => views(standIn)).toContainEqual(['Shop', '/shop', '']);
});

/**
 * The id has the form of the SDK's own ids: with a client key alone, the proxy refuses to merge other ids.
 */
const OTHER_ID = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';

test('a view belongs to the person who has seen the page, although its title changed after another person signed in', async ({
  open,
  page,
  standIn,
}) => {
  await open('/shop', { pageViews: 'history' });
  await page.evaluate((id) => {
    history.pushState(null, '', '/account');
    void window.analytics.identify('u1');
    history.pushState(null, '', '/goodbye');
    window.analytics.anonymize();
    history.pushState(null, '', '/');
    window.analytics.setAnonymousId(id);
  }, OTHER_ID);
  await mark(page);
  await expect
    .poll(async () => (await standIn.events()).map((event) => [event.context.page['path'], event.userId]))
    .toEqual([
      ['/shop', undefined],
      ['/account', undefined],
      ['/account', 'u1'],
      ['/goodbye', 'u1'],
      ['/', undefined],
      ['/', 'somebody'],
    ]);
  const [shop, , , goodbye, start, last] = await standIn.events();
  expect(goodbye?.anonymousId).toBe(shop?.anonymousId);
  expect([shop?.anonymousId, OTHER_ID]).not.toContain(start?.anonymousId);
  expect(last?.anonymousId).toBe(OTHER_ID);
});

test.describe('consent', () => {
  test('pending: nothing is requested and nothing stored, whatever is visited', async ({
    open,
    page,
    site,
  }) => {
    await open('/shop', { pageViews: 'history', consent: 'pending' });
    await visit(page, '/boots');
    await visit(page, '/tents');
    expect(await site.hits()).toEqual(['GET /shop', 'GET /app.js', 'GET /dist/index.js']);
    expect(await site.batches()).toEqual([]);
    const kept = await page.evaluate(async () => [
      document.cookie,
      Object.keys(localStorage),
      await indexedDB.databases(),
    ]);
    expect(kept).toEqual(['', [], []]);
  });

  test('denied: nothing is recorded, and pages from before are not sent after a later grant', async ({
    open,
    page,
    standIn,
  }) => {
    await open('/shop', { pageViews: 'history', consent: 'pending' });
    await visit(page, '/boots');
    await page.evaluate(() => window.analytics.consent.deny());
    await visit(page, '/tents');
    expect(await stats(page)).toMatchObject({ tracked: 2, pending: 0, dropped: { consent: 2 } });
    await page.evaluate(() => window.analytics.consent.grant());
    await visit(page, '/cart');
    await mark(page);
    await expect
      .poll(async () => (await views(standIn)).map(([title, path]) => [title, path]))
      .toEqual([
        ['/tents', '/tents'],
        ['/cart', '/cart'],
      ]);
  });

  test('withdrawn: a view that waits for its title is dropped', async ({ open, page, standIn }) => {
    await open('/shop', { pageViews: 'history' });
    await expect.poll(() => views(standIn)).toHaveLength(1);
    await page.evaluate(() => {
      history.pushState(null, '', '/boots');
      window.analytics.consent.deny();
      history.pushState(null, '', '/tents');
      window.analytics.close();
    });
    expect((await stats(page)).dropped.consent).toBe(1);
    expect(await views(standIn)).toHaveLength(1);
  });
});

test('the file cannot be loaded: an error is emitted, and views are made at once', async ({
  open,
  page,
  standIn,
}) => {
  await page.route('**/cio-pages.js', (route) => route.fulfill({ status: 404, body: '' }));
  await open('/shop', { pageViews: 'history' });
  expect(await toldTimes(page, 'error')).toMatchObject([{ code: 'plugin-failed', message: 'Page views' }]);
  await visit(page, '/boots');
  await expect.poll(async () => (await views(standIn)).map(([, path]) => path)).toEqual(['/shop', '/boots']);
});

test('a prerendered page makes a view when it is shown', async ({ open, page, standIn }) => {
  await page.addInitScript(() =>
    Object.defineProperty(document, 'prerendering', { value: true, configurable: true }),
  );
  await open('/shop', { pageViews: 'load' });
  await mark(page);
  await expect.poll(async () => (await standIn.events()).map(nameOf)).toEqual(['alias']);
  const shown = await page.evaluate(() => {
    Object.defineProperty(document, 'prerendering', { value: false });
    const at = Date.now();
    document.dispatchEvent(new Event('prerenderingchange'));
    return at;
  });
  await expect.poll(() => views(standIn)).toEqual([['Shop', '/shop', '']]);
  expect(Date.parse((await standIn.events())[1]?.timestamp ?? '')).toBeGreaterThanOrEqual(shown);
});

test('manual` page() calls work in addition', async ({ page, site, standIn }) => {
  await site.page('/both', {
    body: html('Both', '<script type="module" src="/app.js"></script>'),
  });
  await page.addInitScript(() => {
    window.sdkOptions = { pageViews: 'load' };
  });
  await page.goto(`${site.origin}/both`);
  await page.evaluate(() => window.analytics.page('By hand'));
  await expect.poll(() => standIn.names()).toEqual(['page', 'By hand']);
});

test.describe('a canonical link that stays as the app moves on', () => {
  const CANONICAL = 'https://shop.example.com/start';
  const open = async (page: Page, site: Site, options: object): Promise<void> => {
    const body = html('Start', '<script type="module" src="/app.js"></script>').replace(
      '</head>',
      `<link rel="canonical" href="${CANONICAL}"></head>`,
    );
    await site.page('/start', { body });
    await page.addInitScript((given) => {
      window.sdkOptions = given;
    }, options);
    await page.goto(`${site.origin}/start?size=40`);
  };
  const places = async (standIn: StandIn): Promise<readonly unknown[]> =>
    (await standIn.events()).map((event) => [
      nameOf(event),
      event.context.page['path'],
      event.context.page['url'],
    ]);

  test('is used for its own page only, and again when the app returns there', async ({
    page,
    site,
    standIn,
  }) => {
    await open(page, site, { pageViews: 'history' });
    await expect.poll(() => places(standIn)).toHaveLength(1);
    await visit(page, '/boots');
    await visit(page, '/tents?size=2');
    await page.goBack();
    await page.goBack();
    await mark(page);
    const { origin } = site;
    await expect
      .poll(() => places(standIn))
      .toEqual([
        ['page', '/start', `${CANONICAL}?size=40`],
        ['page', '/boots', `${origin}/boots`],
        ['page', '/tents', `${origin}/tents?size=2`],
        ['page', '/boots', `${origin}/boots`],
        ['page', '/start', `${CANONICAL}?size=40`],
        ['alias', '/start', `${CANONICAL}?size=40`],
      ]);
  });

  test('is not used for calls on other pages, but a new one is', async ({ page, site, standIn }) => {
    await open(page, site, {});
    await page.evaluate(async () => {
      history.pushState(null, '', '/boots');
      await window.analytics.page();
      await window.analytics.track('On boots');
      document.querySelector('link[rel=canonical]')?.setAttribute('href', 'https://shop.example.com/Boots');
      await window.analytics.track('With its own');
      history.pushState(null, '', '/boots?size=40');
      await window.analytics.track('In another size');
    });
    const { origin } = site;
    await expect
      .poll(() => places(standIn))
      .toEqual([
        ['page', '/boots', `${origin}/boots`],
        ['On boots', '/boots', `${origin}/boots`],
        ['With its own', '/Boots', 'https://shop.example.com/Boots'],
        ['In another size', '/Boots', 'https://shop.example.com/Boots?size=40'],
      ]);
  });

  test('is replaced by one that is set a moment after the URL', async ({ page, site, standIn }) => {
    await open(page, site, { pageViews: 'history' });
    await expect.poll(() => places(standIn)).toHaveLength(1);
    await page.evaluate(() => {
      history.pushState(null, '', '/b');
      setTimeout(() => {
        document.querySelector('link[rel=canonical]')?.setAttribute('href', '/boots');
        document.title = 'Boots';
      }, 20);
    });
    await expect.poll(() => places(standIn)).toHaveLength(2);
    await visit(page, '/tents');
    await mark(page);
    await expect
      .poll(async () => (await places(standIn)).map((place) => (place as readonly unknown[])[1]))
      .toEqual(['/start', '/boots', '/tents', '/tents']);
  });
});
