/** The URL of the proxy redirects: to itself with a slash at its end, to a sign-in page, to another origin. */
import { expect, impatient, type Site } from '../../support/site/fixtures.ts';
import type { Fault } from '../../support/site/proxy-faults.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { test } from './setup.ts';

/** The URL without a slash at its end redirects. No other URL does. */
const redirect = (status: number, location: string): Fault => ({
  path: '/e/v1/batch',
  does: { status, headers: { Location: location } },
});

for (const status of [307, 308]) {
  test(`${status} to the same path with a slash: followed, and remembered for the page`, async ({ shop }) => {
    const { site } = shop;
    await site.faults(redirect(status, '/e/v1/batch/'));
    await shop.open();
    await shop.trackBursts('First', 'Second', 'Third');
    const accepted = (await site.batches()).filter(({ ids, fate }) => ids.length && fate === 200);
    expect(new Set(accepted.map(({ url }) => url))).toEqual(new Set([`${site.origin}/e/v1/batch/`]));
    // One batch, and an empty one that finds out where the redirect leads.
    const redirected = (await site.batches()).filter(({ fate }) => fate === status);
    expect(redirected.length).toBeLessThanOrEqual(2);
    await shop.expectTold({ error: [], retrying: [] });
  });
}

test('the redirect and its target are gone: the first URL is used again', async ({ shop }) => {
  await impatient(shop.page);
  await shop.site.faults(redirect(308, '/e/v1/batch/'));
  await shop.open();
  await shop.trackDelivered(['Redirected']);
  await shop.site.faults({ path: '/v1/batch/', does: { status: 404 } });
  await shop.trackDelivered(numbered(5));
  await shop.expectTold({ dropped: [] });
});

const signIn = (site: Site): string => `${site.origin}/sign-in`;
const otherOrigin = (site: Site): string => `${site.apiOrigin}/v1/batch`;

for (const { status, to, target } of [
  { status: 301, to: 'a sign-in page', target: signIn },
  { status: 302, to: 'a sign-in page', target: signIn },
  { status: 303, to: 'a sign-in page', target: signIn },
  { status: 302, to: 'another origin', target: otherOrigin },
  { status: 307, to: 'another origin', target: otherOrigin },
  { status: 308, to: 'another origin', target: otherOrigin },
]) {
  test(`${status} to ${to}: all are kept, and one error names the target`, async ({ shop }) => {
    const { page, site } = shop;
    await impatient(page);
    await shop.expectKept(numbered(5), {
      fault: redirect(status, `${target(site)}?token=secret`),
      waits: [0, 1_000],
      requests: 3,
      told: {
        error: [{ code: 'endpoint-refuses', message: expect.stringContaining(target(site)) }],
        blocked: [],
        dropped: [],
      },
    });
    const [error] = await shop.told('error');
    expect(error?.message).not.toContain('secret');
    const elsewhere = (await site.batches()).filter(({ url }) => url.startsWith(site.apiOrigin));
    expect(elsewhere.flatMap(({ ids }) => ids)).toEqual([]);
    expect(elsewhere.map(({ authorization }) => authorization)).toEqual(elsewhere.map(() => null));

    await shop.expectRecovery();
  });
}

test('a redirect in a circle: all events are kept, and arrive once when it is gone', async ({ shop }) => {
  await impatient(shop.page);
  await shop.expectKept(numbered(5), {
    fault: { does: { status: 308, headers: { Location: '/e/v1/batch' } } },
    waits: [0, 1_000],
    requests: 3,
    told: { dropped: [] },
  });
  await shop.expectRecovery();
});
