/** `trackLink` and `trackForm`: the event arrives, and the visitor gets where they want at once. */
import type { Page } from 'playwright';
import type { Analytics } from '../../../src/index.ts';
import { ROOT } from '../../support/docs/documentation.ts';
import { expectArrival } from '../../support/site/arrival.ts';
import { expect, test, told } from '../../support/site/fixtures.ts';
import { snippet } from '../../support/build/snippet.ts';
import { MODULE_PAGE, page as html } from '../../support/site/site-pages.ts';

const LINKS =
  '<a id="one" class="buy" href="/blank?1">One</a> <a id="two" class="buy" href="/blank?2">Two</a>' +
  '<a id="new" class="buy" href="/blank?3" target="_blank">New</a>' +
  '<div id="card"><a href="/blank?4">Inside</a></div>';
const FORM = '<form id="sign-up" action="/blank"><input name="length" value="x"><button>Send</button></form>';

test.beforeEach(({ site }) =>
  site.page('/links', { body: MODULE_PAGE.body.replace('<script', `${LINKS}${FORM}<script`) }),
);

/** Waits until the next page, which has no SDK, is there. */
const leaveBy = (page: Page, act: () => Promise<unknown>): Promise<unknown> =>
  Promise.all([page.waitForURL(/\/blank/), act()]);

test('a click in the task of the call leads away, to a page without the SDK: the event arrives once', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open('/links');
  await leaveBy(page, () =>
    page.evaluate(() => {
      const link = document.querySelector<HTMLAnchorElement>('#one');
      void window.analytics.trackLink(link, 'Clicked', { place: 'top' });
      link?.click();
    }),
  );
  await expectArrival(standIn, { names: ['Clicked'] });
  const [event] = await standIn.events();
  expect(event?.properties).toEqual({ place: 'top' });
  expect(event?.context.page['path']).toBe('/links');
  expect((await site.hits()).filter((hit) => hit.includes('cio-vendor'))).toEqual([]);
});

for (const [what, elements] of [
  ['an element', () => document.querySelector('#two')],
  ['an array', () => [...document.querySelectorAll('a.buy')]],
  ['a NodeList', () => document.querySelectorAll('a.buy')],
  ['toArray()', () => ({ toArray: () => [...document.querySelectorAll('a.buy')] })],
] as const) {
  test(`${what}: event and properties may be functions of the element`, async ({ open, page, standIn }) => {
    await open('/links');
    const found = await page.evaluateHandle<Parameters<Analytics['trackLink']>[0]>(elements);
    const returned = await page.evaluate(
      async (these) =>
        (await window.analytics.trackLink(
          these,
          (link) => `Clicked ${link.id}`,
          (link) => ({ href: link.getAttribute('href') }),
          { context: { app: 'shop' } },
        )) === window.analytics,
      found,
    );
    expect(returned).toBe(true);
    await leaveBy(page, () => page.click('#two'));
    await expectArrival(standIn, { names: ['Clicked two'] });
    const [event] = await standIn.events();
    expect(event?.properties).toEqual({ href: '/blank?2' });
    expect(event?.context['app']).toBe('shop');
  });
}

test('links that open elsewhere, with Ctrl or target=_blank: the page stays, each event arrives once', async ({
  context,
  open,
  page,
  site,
  standIn,
}) => {
  await open('/links');
  await page.evaluate(async () => {
    await window.analytics.trackClick(document.querySelectorAll('a.buy'), (link) => `Clicked ${link.id}`);
  });
  for (const act of [() => page.click('#one', { modifiers: ['ControlOrMeta'] }), () => page.click('#new')]) {
    const opened = context.waitForEvent('page');
    await act();
    await (await opened).waitForLoadState();
  }
  expect(page.url()).toBe(`${site.origin}/links`);
  await expectArrival(standIn, { names: ['Clicked one', 'Clicked new'], page });
});

test('a click that another handler prevents, or that is inside an element: the event arrives', async ({
  open,
  page,
  standIn,
}) => {
  await open('/links');
  await page.evaluate(async () => {
    const { analytics } = window;
    document.querySelector('#one')?.addEventListener('click', (event) => event.preventDefault());
    await analytics.trackLink(document.querySelector('#one'), 'Prevented');
    await analytics.trackLink(document.querySelector('#card'), 'Inside');
  });
  await page.click('#one');
  await leaveBy(page, () => page.click('#card a'));
  await expectArrival(standIn, { names: ['Prevented', 'Inside'] });
});

test('a form with other handlers: it is submitted once, by the browser, and the event arrives', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open('/links');
  await page.evaluate(() => {
    const form = document.querySelector('form');
    form?.addEventListener('submit', () => form.setAttribute('data-before', ''));
    void window.analytics.trackForm(
      form,
      (of) => `Sent ${of.id}`,
      (of) => ({ seen: of.hasAttribute('data-before') }),
    );
  });
  await leaveBy(page, () => page.click('button'));
  expect(page.url()).toBe(`${site.origin}/blank?length=x`);
  await expectArrival(standIn, { names: ['Sent sign-up'] });
  expect((await standIn.events())[0]?.properties).toEqual({ seen: true });
  expect((await site.hits()).filter((hit) => hit.startsWith('GET /blank'))).toHaveLength(1);
});

test('a form that a handler keeps on the page, for its own request: the event arrives, the page stays', async ({
  open,
  page,
  site,
  standIn,
}) => {
  await open('/links');
  await page.evaluate(async () => {
    const form = document.querySelector('form');
    await window.analytics.trackSubmit([form as HTMLFormElement], 'Sent');
    form?.addEventListener('submit', (event) => event.preventDefault());
  });
  await page.click('button');
  await expectArrival(standIn, { names: ['Sent'], page });
  expect(page.url()).toBe(`${site.origin}/links`);
});

test('a form that jQuery submits, or the visitor: each submission is one event', async ({
  open,
  page,
  standIn,
}) => {
  await open('/links');
  await page.addScriptTag({ path: `${ROOT}node_modules/jquery/dist/jquery.js` });
  await page.evaluate(async () => {
    const { jQuery } = window as unknown as { jQuery: (what: string) => never };
    let count = 0;
    await window.analytics.trackForm(jQuery('form'), () => `Sent ${++count}`);
    // Keeps the page, as a request of its own does.
    (jQuery('form') as { on(type: string, run: () => boolean): void }).on('submit', () => false);
    (jQuery('form') as { trigger(type: string): void }).trigger('submit');
  });
  await page.click('button');
  await expectArrival(standIn, { names: ['Sent 1', 'Sent 2'], page });
});

test('nothing, null, and what is no element: no exception, one error event', async ({ open, page }) => {
  await open('/links');
  await page.evaluate(async () => {
    const { trackLink } = window.analytics as unknown as Record<
      'trackLink',
      (...args: unknown[]) => Promise<unknown>
    >;
    await trackLink(null, 'A');
    await trackLink(undefined, 'A');
    await trackLink([], 'A');
    await trackLink([{}], 'A');
  });
  expect((await told(page, 'error')).map(({ code }) => code)).toEqual(['plugin-failed']);
});

test('functions that throw: the visitor gets on, and an error event has the cause', async ({
  open,
  page,
}) => {
  await open('/links');
  await page.evaluate(async () => {
    await window.analytics.trackLink(document.querySelector('#new'), () => {
      throw new Error('of the page');
    });
  });
  await page.click('#new');
  await expect
    .poll(async () => (await told(page, 'error')).map(({ code }) => code))
    .toEqual(['plugin-failed']);
});

test('before consent: the event waits, with time and page of the click', async ({ open, page, standIn }) => {
  await open('/links', { consent: 'pending' });
  await page.evaluate(() => {
    const link = document.querySelector('#new');
    void window.analytics.trackLink(link, 'Clicked');
  });
  await page.click('#new');
  await page.evaluate(() => {
    history.pushState(null, '', '/later');
    window.analytics.consent.grant();
  });
  await expectArrival(standIn, { names: ['Clicked'], page });
  expect((await standIn.events())[0]?.context.page['path']).toBe('/links');
});

test('by the snippet: what was called before the script is replayed', async ({ page, site, standIn }) => {
  const calls = `<script>
    cioanalytics.once('track', function (name) { window.heard = (window.heard || []).concat(name); });
    cioanalytics.trackLink(document.querySelectorAll('a'), function (link) { return 'Clicked ' + link.id; });
    cioanalytics.pageview('/virtual');
    cioanalytics.track('A'); cioanalytics.track('B');
  </script>`;
  await site.page('/tag', { body: html('Tag', LINKS + snippet() + calls) });
  await page.goto(`${site.origin}/tag`);
  await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  await expect.poll(() => standIn.names()).toEqual(['page', 'A', 'B']);
  expect((await standIn.events())[0]?.properties).toMatchObject({ path: '/virtual' });
  expect(await page.evaluate('window.heard')).toEqual(['A']);
  await leaveBy(page, () => page.click('#two'));
  await expectArrival(standIn, { names: ['page', 'A', 'B', 'Clicked two'] });
});
