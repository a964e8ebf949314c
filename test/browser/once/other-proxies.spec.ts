/**
 * A proxy that is not ours on the page's own origin: it sets no acknowledgement cookies, and does not
 * remember the events that it has sent.
 */
import { GUIDE_PROXIES } from '../../support/docs/guide-proxies/index.ts';
import { leftRecords } from '../../support/page/left-records.ts';
import { trackAndLeave } from '../../support/page/leaving.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { expect, settled, test } from './setup.ts';

/** A response would have arrived by then; the page cannot know that this proxy never sets the cookie. */
const BOUNDS_MS = [4_000, 17_000] as const;

test("the guide's own: the last events of a page are repeated after a limited time, and nothing is lost", async ({
  page,
  site,
  standIn,
}) => {
  test.setTimeout(60_000);
  const [guide] = GUIDE_PROXIES;
  const proxy = await guide?.start({ upstreamUrl: standIn.origin, writeKey: 'write-key' });
  if (!proxy) throw new Error('The guide has proxies');
  try {
    await site.change({ proxyOf: proxy.origin });
    await page.goto(`${site.origin}/shop`);
    await trackAndLeave(page, numbered(5), '/next');
    await settled({ site, standIn, page }, numbered(5));
    const [last, again, ...more] = (await site.batches()).filter(({ ids }) => ids.length);
    expect(again?.ids).toEqual(last?.ids);
    expect(more).toEqual([]);
    const waitedMs = (again?.at ?? 0) - (last?.at ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(BOUNDS_MS[0]);
    expect(waitedMs).toBeLessThanOrEqual(BOUNDS_MS[1]);
    expect(await leftRecords(page)).toEqual({});
    expect(new Set(await standIn.names())).toEqual(new Set(numbered(5)));
  } finally {
    await proxy.stop();
  }
});
