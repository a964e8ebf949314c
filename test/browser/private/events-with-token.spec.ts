/**
 * `delivery.authorization: 'customer-token'`, with a proxy that requires the token of a person for that
 * person's events.
 */
import type { Page } from 'playwright';
import { expect, prepare, reasons, REFUSED, signIn, test } from '../../support/site/members.ts';
import { stats } from '../../support/site/fixtures.ts';
import type { Site } from '../../support/site/fixtures.ts';

const SDK = { delivery: { authorization: 'customer-token', flushIntervalMs: 100 } } as const;

test.beforeEach(({ site }) => site.change({ customers: 'required' }));

/** The person of each request that carried events, and the status of its response. */
async function carriers(site: Site): Promise<readonly string[]> {
  const subject = (authorization: string): string => {
    const [scheme, credentials = ''] = authorization.split(' ');
    if (scheme !== 'Bearer') return String(scheme);
    const claims = Buffer.from(credentials.split('.')[1] ?? '', 'base64url').toString();
    return (JSON.parse(claims) as { sub: string }).sub;
  };
  return (await site.batches())
    .filter(({ ids }) => ids.length)
    .map(({ authorization, fate, ids }) => `${subject(authorization ?? '')} ${fate} ${ids.length}`);
}

const track = (page: Page, ...names: readonly string[]): Promise<unknown> =>
  page.evaluate((all) => Promise.all(all.map((name) => window.analytics.track(name))), names);

const allArrived = async (page: Page, tracked: number): Promise<void> => {
  await expect.poll(() => stats(page)).toMatchObject({ tracked, delivered: tracked, pending: 0 });
};

test('without a provider: one warning, and the events wait for setCustomerToken', async ({
  members,
  page,
  site,
}) => {
  const warnings: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'warning') warnings.push(message.text());
  });
  await members({ sdk: SDK, limits: null });
  await signIn(page, 'ann');
  await track(page, 'Waits');
  await expect
    .poll(() => warnings)
    .toEqual([
      'cio-first-party: delivery.authorization is "customer-token", and the option "customerToken" has no provider: events wait until setCustomerToken is called',
    ]);
  expect(await carriers(site)).toEqual([]);
});

test('each batch has events of one person: with that person’s token, or with the client key for unidentified visitors', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members({ sdk: SDK });
  await track(page, 'Before');
  await signIn(page, 'ann');
  await track(page, 'Ordered', 'Paid');
  await allArrived(page, 4);
  const used = await carriers(site);
  expect(used[0]).toBe('Basic 200 1');
  expect(new Set(used.slice(1).map((each) => each.split(' ', 2).join(' ')))).toEqual(new Set(['ann 200']));
  expect(await standIn.names()).toEqual(['Before', 'identify', 'Ordered', 'Paid']);
  expect(await reasons(site)).toEqual(['identify']);
});

test('the proxy on an origin of its own allows the headers', async ({ members, site, standIn }) => {
  const page = await members({ sdk: { ...SDK, proxyUrl: site.apiOrigin } });
  await signIn(page, 'ann');
  await track(page, 'Ordered');
  await allArrived(page, 2);
  expect(await standIn.names()).toEqual(['identify', 'Ordered']);
});

test('signing out, and in as another person: earlier events are sent with the token of their own person', async ({
  members,
  site,
  standIn,
}) => {
  const page = await members({ sdk: SDK });
  await signIn(page, 'ann');
  await track(page, 'Ordered');
  await allArrived(page, 2);
  await page.evaluate(() => {
    const { analytics } = window;
    void analytics.track('Signed Out');
    analytics.anonymize();
    void analytics.track('Looked around');
    void analytics.identify('bob');
  });
  await allArrived(page, 5);
  const events = await standIn.events();
  const owners = events.map(({ userId = 'nobody' }) => userId);
  const count = (owner: string): number => owners.filter((each) => each === owner).length;
  expect([count('ann'), count('nobody'), count('bob')]).toEqual([3, 1, 1]);
  expect((await carriers(site)).every((each) => each.includes(' 200 '))).toBe(true);
});

test('no token: the events of that person wait, over reloads and other people, and are sent when the person returns', async ({
  members,
  site,
  standIn,
}) => {
  await site.change({ login: { does: 'null' } });
  const page = await members({ sdk: SDK });
  await signIn(page, 'ann');
  await track(page, 'Ordered');
  await page.evaluate(() => window.analytics.anonymize());
  await track(page, 'Looked around');
  await expect.poll(() => standIn.names()).toEqual(['Looked around']);
  // A page that leaves before it has read the response leaves the event to the next page.
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 2 });
  await page.reload();
  await site.change({ login: { does: 'token' } });
  await signIn(page, 'bob');
  await expect.poll(() => standIn.names()).toEqual(['Looked around', 'identify']);
  expect(await stats(page)).toMatchObject({ pending: 2 });
  await signIn(page, 'ann');
  await expect.poll(async () => (await stats(page)).pending).toBe(0);
  const events = await standIn.events();
  expect(events.map(({ userId = null }) => userId)).toEqual([null, 'bob', 'ann', 'ann', 'ann']);
});

test('one 401: the same events are sent once more, with another token', async ({
  members,
  site,
  standIn,
}) => {
  await site.faults({ times: 1, contains: '"ann"', does: REFUSED });
  const page = await members({ sdk: SDK });
  await signIn(page, 'ann');
  await allArrived(page, 1);
  expect(await carriers(site)).toEqual(['ann 401 1', 'ann 200 1']);
  expect(await reasons(site)).toEqual(['identify', 'rejected']);
  expect(await standIn.names()).toEqual(['identify']);
});

test('the page is left at once: events with a known token are sent', async ({
  members,
  page,
  site,
  standIn,
}) => {
  await members({ sdk: SDK });
  await signIn(page, 'ann');
  await allArrived(page, 1);
  await page.evaluate(() => {
    void window.analytics.track('Last words');
    location.href = '/blank';
  });
  await expect.poll(() => standIn.names()).toEqual(['identify', 'Last words']);
  expect((await carriers(site)).at(-1)).toMatch(/^ann 200/);
});

test('five tabs: the leader has a token for the events of all', async ({ context, site, standIn }) => {
  await prepare(context, SDK);
  const tabs: Page[] = [];
  for (let tab = 0; tab < 5; tab++) {
    const page = await context.newPage();
    await page.goto(`${site.origin}/members`);
    tabs.push(page);
  }
  const [first, ...others] = tabs;
  if (!first) throw new Error('No tab');
  await signIn(first, 'ann');
  await Promise.all(others.map((page, tab) => track(page, `Tab ${tab}`)));
  await expect.poll(async () => (await standIn.names()).length).toBe(5);
  await expect.poll(async () => (await stats(first)).pending).toBe(0);
  expect((await stats(first)).dropped).toMatchObject({ rejected: 0 });
});

test('the file for this cannot be loaded at first: nothing is lost, and nothing is sent without a token', async ({
  members,
  page,
  site,
  standIn,
}) => {
  await page.route('**/cio-private.js', (route) => route.abort());
  await members({ sdk: SDK });
  await signIn(page, 'ann');
  await track(page, 'Ordered');
  expect(await site.batches()).toEqual([]);
  await page.unroute('**/cio-private.js');
  await page.reload();
  await track(page, 'Back');
  await allArrived(page, 3);
  expect(await standIn.names()).toEqual(['identify', 'Ordered', 'Back']);
});

test('a client that sends them with the client key: each is refused and counted, and blocks no other', async ({
  members,
  standIn,
}) => {
  const page = await members();
  await track(page, 'Before');
  await signIn(page, 'ann');
  await track(page, 'Ordered');
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 3, delivered: 1, pending: 0 });
  expect(await stats(page)).toMatchObject({ dropped: { rejected: 2 } });
  expect(await standIn.names()).toEqual(['Before']);
});
