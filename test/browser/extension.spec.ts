/** An extension of manifest version 3: the package in its content script and in its service worker. */
import { createServer } from 'node:http';
import type { Analytics, Receipt } from '../../src/index.ts';
import type * as Proxy from '../../src/proxy.ts';
import { listen as listenAt } from '../support/server/listen.ts';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { buildExtension } from '../support/build/bundle.ts';
import { findChromium } from '../support/setup/chromium.ts';
import { expect, test } from '../support/site/fixtures.ts';

async function startWith(extension: string, profile: string): Promise<BrowserContext> {
  const executablePath = findChromium();
  return chromium.launchPersistentContext(profile, {
    ...(executablePath ? { executablePath } : { channel: 'chromium' }),
    headless: true,
    ignoreDefaultArgs: ['--disable-extensions'],
    args: [
      ...['--no-sandbox', '--disable-dev-shm-usage'],
      ...[`--disable-extensions-except=${extension}`, `--load-extension=${extension}`],
      // https://groups.google.com/a/chromium.org/g/chromium-extensions/c/aEHdhDZ-V0E
      '--disable-features=DisableLoadExtensionCommandLineSwitch',
    ],
  });
}

interface Told {
  readonly name: string;
  readonly payload: { readonly state?: string; readonly ids?: readonly string[] };
}

/** Records the messages of the content script to the document, from the beginning. */
const listen = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const heard: unknown[] = [];
    Object.assign(window, { heard });
    document.addEventListener('extension', (event) =>
      heard.push(JSON.parse((event as CustomEvent<string>).detail)),
    );
  });
const heard = (page: Page): Promise<readonly Told[]> => page.evaluate('heard');

test('an extension’s content script delivers', async ({ site, standIn }, { outputDir }) => {
  const context = await startWith(await buildExtension(`${outputDir}/extension`), `${outputDir}/profile`);
  try {
    const page = await context.newPage();
    await listen(page);
    await page.goto(`${site.origin}/blank?from=shop`);
    await expect.poll(() => standIn.names()).toEqual(['identify', 'Seen By The Extension', 'Clicked']);
    const [, view, clicked] = await standIn.events();
    expect(clicked).toMatchObject({ userId: 'u1', properties: { in: 'a content script' } });
    expect(view?.context.page).toMatchObject({ url: `${site.origin}/blank?from=shop`, title: 'Blank' });

    await expect
      .poll(async () => (await heard(page)).flatMap(({ payload }) => payload.ids ?? []).sort())
      .toEqual((await standIn.events()).map(({ messageId }) => messageId).sort());
    expect((await heard(page)).filter(({ name }) => name === 'error')).toEqual([]);
    expect((await heard(page)).find(({ name }) => name === 'receipt')?.payload.state).toBe('stored');

    // The page's own scripts cannot see the SDK of the extension.
    expect(await page.evaluate(() => 'analytics' in window || 'cioanalytics' in window)).toBe(false);
  } finally {
    await context.close();
  }
});

test('an extension’s service worker stores and delivers, through a proxy that allows its origin', async ({
  standIn,
}, { outputDir }) => {
  const context = await startWith(await buildExtension(`${outputDir}/extension`), `${outputDir}/profile`);
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  const { createProxy } = (await import(
    new URL('../../dist/proxy.js', import.meta.url).href
  )) as typeof Proxy;
  const proxy = createProxy({
    writeKey: 'write-key',
    clientKeys: ['client-api-key-web'],
    origins: [worker.url().replace(/\/worker.js$/, '')],
    upstreamUrl: standIn.origin,
  });
  const { server, port } = await listenAt(createServer(proxy.node));
  try {
    const receipt = await worker.evaluate(
      (url) => (globalThis as unknown as Scope).start(url),
      `http://localhost:${port}`,
    );
    expect(receipt.state).toBe('stored');
    await expect.poll(() => standIn.names()).toEqual(['From The Worker']);
    const [event] = await standIn.events();
    expect(event).toMatchObject({ messageId: receipt.id, anonymousId: 'from-the-extension' });
    expect(await worker.evaluate(() => (globalThis as unknown as Scope).analytics.flush())).toMatchObject({
      pending: 0,
    });
  } finally {
    server.close();
    await context.close();
  }
});

interface Scope {
  readonly analytics: Analytics;
  start(proxyUrl: string): Promise<Receipt>;
}
