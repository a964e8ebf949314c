/** The SDK twice on one page: the same tag makes one instance; two keys make two. */
import type { Page } from 'playwright';
import { expect, stats, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';
import { snippet } from '../../support/build/snippet.ts';

const PRINTED = snippet('--no-integrity');
const [STUB = '', TAG = ''] = PRINTED.split('\n');
const call = (name: string): string => `<script>cioanalytics.track('${name}');</script>`;
const loaded = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () => document.readyState === 'complete' && typeof window.cioanalytics.stats === 'function',
  );

for (const [what, content] of [
  ['the snippet', PRINTED + call('A') + PRINTED + call('B')],
  ['its stub', STUB + call('A') + STUB + call('B') + TAG],
  ['the script', STUB + call('A') + TAG + call('B') + TAG],
  [
    'the script, which has come before the second snippet',
    `${STUB}${call('A')}${TAG.replace(' async', '')}${PRINTED}${call('B')}`,
  ],
] as const) {
  test(`${what}: one instance, and nothing is sent twice`, async ({ page, site, standIn }) => {
    const lines: string[] = [];
    page.on('console', (line) => lines.push(line.text()));
    await site.page('/tag', { body: html('Twice', content) });
    await page.goto(`${site.origin}/tag`);
    await loaded(page);
    await page.evaluate(() => window.cioanalytics.track('C'));
    await expect.poll(() => standIn.names()).toEqual(['A', 'B', 'C']);
    expect([...(await standIn.times()).values()]).toEqual([1, 1, 1]);
    await expect
      .poll(() => page.evaluate(() => window.cioanalytics.stats()))
      .toMatchObject({ tracked: 3, delivered: 3, pending: 0 });
    expect(lines).toEqual([]);
  });
}

test('two keys, two globals: each has its own queue, outbox, consent and lifetime', async ({
  page,
  site,
  standIn,
}) => {
  await site.change({ keys: ['client-api-key-web', 'second'] });
  const second = snippet(
    '--no-integrity',
    '--client-key',
    'second',
    '--global',
    'second',
    '--consent',
    'pending',
  );
  const calls = `<script>
    cioanalytics.track('First 1'); second.track('Second 1'); cioanalytics.track('First 2'); second.track('Second 2');
  </script>`;
  await site.page('/tag', { body: html('Two', PRINTED + second + calls) });
  await page.goto(`${site.origin}/tag`);
  await loaded(page);
  await page.waitForFunction(() => 'consent' in window.second && typeof window.second.stats === 'function');
  await expect.poll(() => standIn.names()).toEqual(['First 1', 'First 2']);
  const before = await page.evaluate(async () => [
    window.second === window.cioanalytics,
    window.second.stats().pending,
    (await indexedDB.databases()).map(({ name }) => name),
  ]);
  expect(before).toEqual([false, 2, ['cio-first-party:client-api-key-web']]);

  await page.evaluate(() => window.second.consent.grant());
  await expect.poll(() => standIn.names()).toEqual(['First 1', 'First 2', 'Second 1', 'Second 2']);
  const keys = (await site.batches()).map(({ authorization }) => authorization?.replace('Basic ', '') ?? '');
  expect(keys.map((key) => Buffer.from(key, 'base64').toString())).toEqual([
    'client-api-key-web:',
    'second:',
  ]);

  const after = await page.evaluate(async () => {
    window.second.consent.deny();
    const denied = await window.second.track('Second 3');
    const { state } = await window.cioanalytics.track('First 3');
    return [denied.state, state, window.cioanalytics.consent.state];
  });
  expect(after).toEqual(['discarded', 'stored', 'granted']);
  await expect.poll(async () => (await standIn.names()).at(-1)).toBe('First 3');
  await expect
    .poll(() => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)))
    .toEqual(['cio-first-party:client-api-key-web']);
  expect(await page.evaluate(() => window.cioanalytics.stats())).toMatchObject({
    tracked: 3,
    dropped: { consent: 0 },
  });
});

test('the npm build and the tag, with the same key: one instance', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate(
    (stub) => {
      const script = document.createElement('script');
      script.textContent = stub;
      document.head.append(script);
      void window.cioanalytics.track('By the tag');
    },
    STUB.replace(/<\/?script>/g, ''),
  );
  await page.evaluate(async () => {
    const script = Object.assign(document.createElement('script'), { src: '/e/cio.js' });
    Object.assign(script.dataset, { proxyUrl: '/e', clientKey: 'client-api-key-web' });
    document.head.append(script);
    await new Promise((resolve) => (script.onload = resolve));
  });
  expect(await page.evaluate(() => window.cioanalytics === window.analytics)).toBe(true);
  await expect.poll(() => standIn.names()).toEqual(['By the tag']);
  expect(await stats(page)).toMatchObject({ tracked: 1 });
});
