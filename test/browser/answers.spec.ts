/** Each row of the table of answers in DESIGN 4.1. */
import type { Page } from 'playwright';
import { expect, impatient, stats, test, told, toldTimes } from '../support/fixtures.ts';
import { addsUp } from '../support/in-page.ts';
import { numbered } from '../support/stand-in.ts';

const track = (page: Page, names: readonly string[]): Promise<readonly string[]> =>
  page.evaluate(
    async (all) => (await Promise.all(all.map((name) => window.analytics.track(name)))).map(({ id }) => id),
    names,
  );

const ONCE = (count: number): object => ({ delivered: count, lost: 0, duplicated: 0 });

test('2xx: the events are removed, and told as delivered by their ids', async ({ open, site, standIn }) => {
  const page = await open();
  const ids = await track(page, numbered(150));
  await expect.poll(() => standIn.account(numbered(150))).toEqual(ONCE(150));
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 150, delivered: 150, pending: 0 });
  const delivered = await told(page, 'delivered');
  expect(delivered.flatMap((each) => each.ids ?? [])).toEqual(ids);
  expect(delivered.map(({ attempts }) => attempts)).toEqual(delivered.map(() => 1));
  for (const batch of await site.batches()) expect(batch.ids.length).toBeLessThanOrEqual(100);
});

test('204 without a body is a delivery too', async ({ open, site }) => {
  const page = await open();
  await site.faults({ does: { status: 204 } });
  await track(page, ['A']);
  await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
});

test.describe('401 to Basic', () => {
  for (const [name, body] of [
    ['invalid_client_key', JSON.stringify({ error: 'invalid_client_key', message: '', serverTime: 0 })],
    ['bare', ''],
  ] as const) {
    test(`${name}: everything is kept, the error is told, and it arrives once the key is put right`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await page.clock.install();
      await site.faults({ does: { status: 401, body } });
      await open();
      await track(page, ['A', 'B']);
      const [error] = await toldTimes(page, 'error');
      expect(error?.code).toBe('invalid-client-key');
      const [retrying] = await toldTimes(page, 'retrying');
      expect(retrying?.status).toBe(401);
      expect(retrying?.delayMs).toBeGreaterThanOrEqual(10_000);
      expect(await stats(page)).toMatchObject({ tracked: 2, delivered: 0, pending: 2 });
      expect((await site.batches()).length).toBe(1);

      await site.faults();
      await page.clock.fastForward(retrying?.delayMs ?? 0);
      await expect.poll(() => standIn.account(['A', 'B'])).toEqual(ONCE(2));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 2, delivered: 2, pending: 0 });
    });
  }

  test('our own proxy: a key that it does not know, then knows', async ({ open, page, site, standIn }) => {
    await page.clock.install();
    await site.change({ keys: ['another'] });
    await open();
    await track(page, ['A']);
    const [error] = await toldTimes(page, 'error');
    expect(error?.code).toBe('invalid-client-key');
    await site.change({ keys: ['client-api-key-web'] });
    await page.clock.fastForward(11_000);
    await expect.poll(() => standIn.account(['A'])).toEqual(ONCE(1));
  });
});

test.describe('not now', () => {
  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    test(`${status}: the events are kept and sent again`, async ({ open, site, standIn }) => {
      const page = await open();
      await site.faults({ times: 2, does: { status } });
      await track(page, numbered(3));
      await expect.poll(() => standIn.account(numbered(3))).toEqual(ONCE(3));
      const retrying = await told(page, 'retrying');
      // Chromium itself repeats a 408 once, where the connection is not new.
      if (status === 408) expect(retrying[0]).toMatchObject({ status, attempt: 1 });
      else {
        expect(retrying).toMatchObject([
          { status, attempt: 1 },
          { status, attempt: 2 },
        ]);
        await expect.poll(() => told(page, 'delivered')).toMatchObject([{ attempts: 3 }]);
      }
      retrying.forEach(({ delayMs }, i) => expect(delayMs).toBeLessThanOrEqual(1_000 * 2 ** i));
      await expect.poll(() => stats(page)).toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
    });
  }

  for (const status of [429, 503]) {
    for (const [form, header] of [
      ['seconds', () => '2'],
      ['a date', () => new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 2_000).toUTCString()],
    ] as const) {
      test(`${status} with Retry-After in ${form}: no request before it has passed`, async ({
        open,
        site,
        standIn,
      }) => {
        const page = await open();
        const asked = header();
        await site.faults({ times: 1, does: { status, headers: { 'Retry-After': asked } } });
        await track(page, ['A']);
        await toldTimes(page, 'retrying');
        await page.evaluate(() => {
          void window.analytics.track('B');
          void window.analytics.flush();
          document.dispatchEvent(new Event('visibilitychange'));
          window.dispatchEvent(new Event('online'));
        });
        await expect.poll(() => standIn.account(['A', 'B'])).toEqual(ONCE(2));
        const [first, second] = await site.batches();
        const earliest = form === 'seconds' ? (first?.at ?? 0) + 2_000 : Date.parse(asked);
        // The Date header has no milliseconds, so a date is honoured to the second.
        expect(second?.at).toBeGreaterThanOrEqual(earliest - (form === 'seconds' ? 50 : 1_000));
      });
    }
  }

  test('Retry-After of an hour is honoured, also when the application asks for a flush', async ({
    open,
    page,
    site,
    standIn,
  }) => {
    await page.clock.install();
    await site.faults({ times: 1, does: { status: 503, headers: { 'Retry-After': '3600' } } });
    await open();
    await track(page, ['A']);
    const [retrying] = await toldTimes(page, 'retrying');
    expect(retrying?.delayMs).toBe(3_600_000);
    await page.clock.fastForward(3_500_000);
    await page.evaluate(() => window.analytics.flush({ timeoutMs: 1 }));
    expect((await site.batches()).length).toBe(1);
    await page.clock.fastForward(200_000);
    await expect.poll(() => standIn.account(['A'])).toEqual(ONCE(1));
  });
});

test.describe('no answer', () => {
  test('the proxy is down, then up: everything arrives once', async ({ open, page, site, standIn }) => {
    await impatient(page);
    await site.faults({ does: 'cut' });
    await open();
    await track(page, numbered(20));
    await toldTimes(page, 'retrying', 2);
    expect(await stats(page)).toMatchObject({ tracked: 20, delivered: 0, pending: 20 });
    await site.faults();
    await page.evaluate(() => window.analytics.flush());
    await expect.poll(() => standIn.account(numbered(20))).toEqual(ONCE(20));
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: 20, pending: 0 });
  });

  test('the answer is lost on its way: the same ids come again, and none is lost', async ({
    open,
    site,
    standIn,
  }) => {
    const page = await open();
    await site.faults({ times: 1, does: 'lose-answer' });
    const ids = await track(page, ['A']);
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 1, pending: 0 });
    const events = await standIn.events();
    expect(events.length).toBeGreaterThanOrEqual(1);
    expect(new Set(events.map(({ messageId }) => messageId))).toEqual(new Set(ids));
  });

  test('the browser is offline: kept; sent when it is online again', async ({ context, open, standIn }) => {
    const page = await open();
    await context.setOffline(true);
    await track(page, numbered(5));
    expect(await stats(page)).toMatchObject({ tracked: 5, pending: 5 });
    await context.setOffline(false);
    await expect.poll(() => standIn.account(numbered(5))).toEqual(ONCE(5));
  });

  test('no answer within requestTimeoutMs: cut off, and sent again', async ({ open, site, standIn }) => {
    await site.faults({ times: 1, does: 'hang' });
    const page = await open('/shop', { delivery: { requestTimeoutMs: 300 } });
    await track(page, ['A']);
    const [retrying] = await toldTimes(page, 'retrying');
    expect(retrying?.status).toBe(0);
    await expect.poll(() => standIn.account(['A'])).toEqual(ONCE(1));
  });

  test('a redirect is no delivery', async ({ open, site, standIn }) => {
    const page = await open();
    await site.faults({ times: 1, does: { status: 302, headers: { Location: '/blank' } } });
    await track(page, ['A']);
    await expect.poll(() => standIn.account(['A'])).toEqual(ONCE(1));
  });
});

test.describe('one event that some server cannot digest', () => {
  const others = numbered(49);
  const mixed = [...others.slice(0, 20), 'Poison', ...others.slice(20)];

  for (const [how, does] of [
    ['answers 500', { status: 500 }],
    ['hangs up', 'cut-late'],
  ] as const) {
    test(`the proxy always ${how} on it: the others arrive, it is dropped with a reason`, async ({
      open,
      page,
      site,
      standIn,
    }) => {
      await impatient(page);
      await site.faults({ contains: '"Poison"', does });
      await open();
      const ids = await track(page, mixed);
      await expect.poll(() => standIn.account(others), { timeout: 20_000 }).toEqual(ONCE(49));
      const [dropped] = await toldTimes(page, 'dropped');
      expect(dropped).toMatchObject({ id: ids[20], reason: 'rejected' });
      await expect
        .poll(() => stats(page))
        .toMatchObject({ tracked: 50, delivered: 49, pending: 0, dropped: { rejected: 1 } });
    });
  }

  test('Customer.io itself answers 500 on it, and the proxy 503: nothing is dropped, it is kept for later', async ({
    open,
    page,
    standIn,
  }) => {
    await page.clock.install();
    await standIn.faults({ poison: 'Poison' });
    await open();
    await track(page, ['Poison', 'A']);
    const [retrying] = await toldTimes(page, 'retrying');
    expect(retrying?.status).toBe(503);
    expect(await stats(page)).toMatchObject({ tracked: 2, pending: 2 });
    await standIn.faults({ poison: null });
    await page.clock.fastForward(20_000);
    await expect.poll(() => standIn.account(['Poison', 'A'])).toEqual(ONCE(2));
  });

  test('500 to everything drops nothing', async ({ open, page, site, standIn }) => {
    await impatient(page);
    await site.faults({ does: { status: 500 } });
    await open();
    await track(page, numbered(10));
    await expect.poll(async () => (await site.batches()).length).toBeGreaterThanOrEqual(6);
    expect(await stats(page)).toMatchObject({ tracked: 10, pending: 10 });
    await site.faults();
    await page.evaluate(() => window.analytics.flush());
    await expect.poll(() => standIn.account(numbered(10))).toEqual(ONCE(10));
    expect(await told(page, 'dropped')).toEqual([]);
  });
});

test.describe('413', () => {
  test('halves until it fits, and remembers what fits', async ({ open, site, standIn }) => {
    await site.faults({ minBytes: 20_000, does: { status: 413 } });
    const page = await open();
    await track(page, numbered(100));
    await expect.poll(() => standIn.account(numbered(100))).toEqual(ONCE(100));
    const before = (await site.batches()).filter(({ fate }) => fate === 413).length;
    await track(page, numbered(100, 'More'));
    await expect.poll(() => standIn.account(numbered(100, 'More'))).toEqual(ONCE(100));
    expect((await site.batches()).filter(({ fate }) => fate === 413).length).toBe(before);
    await expect.poll(() => stats(page)).toMatchObject({ tracked: 200, delivered: 200, pending: 0 });
  });

  test('one event alone is dropped as too large; the others arrive', async ({ open, site, standIn }) => {
    await site.faults({ contains: '"Large"', does: { status: 413 } });
    const page = await open();
    const names = [...numbered(6), 'Large', ...numbered(6, 'After')];
    await track(page, names);
    await expect.poll(() => standIn.account(names)).toEqual({ delivered: 12, lost: 1, duplicated: 0 });
    const [dropped] = await toldTimes(page, 'dropped');
    expect(dropped).toMatchObject({ reason: 'too-large', status: 413 });
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 12, dropped: { 'too-large': 1 } });
  });
});

test('415 to gzip: sent again plain, and plain from then on', async ({ open, site, standIn }) => {
  const page = await open();
  await track(page, numbered(20, 'Plain'));
  await expect.poll(() => standIn.account(numbered(20, 'Plain'))).toEqual(ONCE(20));
  await site.faults({ gzip: true, does: { status: 415 } });
  await track(page, numbered(20, 'Packed'));
  await expect.poll(() => standIn.account(numbered(20, 'Packed'))).toEqual(ONCE(20));
  const packed = (await site.batches()).filter(({ encoding }) => encoding === 'gzip').length;
  expect(packed).toBe(1);
  expect(await told(page, 'dropped')).toEqual([]);
});

test.describe('other 4xx', () => {
  for (const status of [400, 403, 404, 422]) {
    test(`${status} to one event: bisected, it alone is dropped`, async ({ open, site, standIn }) => {
      await site.faults({ contains: '"Bad"', does: { status } });
      const page = await open();
      const names = [...numbered(30), 'Bad', ...numbered(30, 'After')];
      const ids = await track(page, names);
      await expect.poll(() => standIn.account(names)).toEqual({ delivered: 60, lost: 1, duplicated: 0 });
      const [dropped] = await toldTimes(page, 'dropped');
      expect(dropped).toMatchObject({ id: ids[30], reason: 'rejected', status });
      await expect
        .poll(() => stats(page))
        .toMatchObject({ tracked: 61, delivered: 60, dropped: { rejected: 1 } });
      expect((await site.batches()).length).toBeLessThan(20);
    });
  }

  test('what Customer.io rejects by name is dropped, and the rest of its batch arrives', async ({
    open,
    standIn,
  }) => {
    // The stand-in refuses a call whose `groupId` is missing; the SDK makes none such, so a hook of the page does.
    const page = await open('/shop');
    await page.evaluate(async () => {
      await window.analytics.register({
        name: 'breaker',
        type: 'enrichment',
        version: '1',
        isLoaded: () => true,
        load: async () => undefined,
        track(context) {
          if (context.event.event === 'Bad') Object.assign(context.event, { integrations: 'nonsense' });
          return context;
        },
      });
    });
    await track(page, ['A', 'Bad', 'B']);
    await expect
      .poll(() => standIn.account(['A', 'Bad', 'B']))
      .toEqual({ delivered: 2, lost: 1, duplicated: 0 });
    const [dropped] = await toldTimes(page, 'dropped');
    expect(dropped).toMatchObject({ reason: 'rejected', status: 400 });
  });
});

test.describe('blocked by a content blocker', () => {
  test('goes quiet, tells `blocked`, warns once, and recovers when the page becomes visible', async ({
    open,
    page,
    standIn,
  }) => {
    await impatient(page);
    const warnings: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'warning') warnings.push(message.text());
    });
    let asked = 0;
    await page.route('**/v1/batch', (route) => {
      asked++;
      return route.abort('blockedbyclient');
    });
    await open();
    await track(page, ['A']);
    await toldTimes(page, 'blocked');
    const before = asked;
    await track(page, ['B', 'C']);
    await page.evaluate(() => window.analytics.flush({ timeoutMs: 500 }));
    // A flush is asked for by the application; beyond it nothing is sent.
    expect(asked).toBeLessThanOrEqual(before + 1);
    expect(warnings.filter((text) => text.includes('blocked'))).toHaveLength(1);
    expect(await stats(page)).toMatchObject({ tracked: 3, pending: 3 });

    await page.unroute('**/v1/batch');
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await expect.poll(() => standIn.account(['A', 'B', 'C'])).toEqual(ONCE(3));
    await expect.poll(() => stats(page)).toMatchObject({ delivered: 3, pending: 0 });
  });

  test('stays quiet for five minutes, then looks once', async ({ open, page }) => {
    await impatient(page);
    await page.clock.install();
    let asked = 0;
    await page.route('**/v1/batch', (route) => {
      asked++;
      return route.abort('blockedbyclient');
    });
    await open();
    await track(page, ['A']);
    await expect
      .poll(async () => {
        await page.clock.fastForward(1_000);
        return (await told(page, 'blocked')).length;
      })
      .toBe(1);
    const before = asked;
    await track(page, ['B']);
    for (let minutes = 0; minutes < 4; minutes++) await page.clock.fastForward(60_000);
    expect(asked).toBe(before);
    await page.clock.fastForward(70_000);
    await expect.poll(() => asked).toBe(before + 1);
    expect(addsUp(await stats(page))).toBe(true);
  });

  test('recovers on the next page', async ({ open, page, site, standIn }) => {
    await impatient(page);
    await page.route('**/v1/batch', (route) => route.abort('blockedbyclient'));
    await open();
    await track(page, numbered(5));
    await toldTimes(page, 'blocked');
    await page.unroute('**/v1/batch');
    await page.goto(`${site.origin}/next`);
    await expect.poll(() => standIn.account(numbered(5))).toEqual(ONCE(5));
  });

  test('recovers on `online`', async ({ open, page, standIn }) => {
    await impatient(page);
    await page.route('**/v1/batch', (route) => route.abort('blockedbyclient'));
    await open();
    await track(page, ['A']);
    await toldTimes(page, 'blocked');
    await page.unroute('**/v1/batch');
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect.poll(() => standIn.account(['A'])).toEqual(ONCE(1));
  });
});
