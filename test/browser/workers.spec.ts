/** Web workers and service workers: the package can be imported there, and does nothing. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright';
import { expect, type Site, test } from '../support/site/fixtures.ts';
import { ROOT } from '../support/docs/documentation.ts';
import type { SitePage } from '../support/site/site-pages.ts';

const script = (body: string): SitePage => ({ body, headers: { 'Content-Type': 'text/javascript' } });

// A service worker may not use `import()`: https://github.com/w3c/ServiceWorker/issues/1585
const WORKER = `
  import * as browser from '/dist/index.js';
  import * as consent from '/dist/consent.js';
  import { report } from '/report.js';
  onmessage = async ({ ports: [port] }) => port.postMessage(await report(async () => [browser, consent]));`;

async function serve(site: Site): Promise<void> {
  await site.page(
    '/report.js',
    script(readFileSync(`${ROOT}test/runtimes/browser-package/report.js`, 'utf8')),
  );
  await site.page('/worker.js', script(WORKER));
}

/** Returns the report of {@link WORKER} from a worker of this kind. */
async function ask(page: Page, kind: 'web worker' | 'service worker'): Promise<unknown> {
  return page.evaluate(async (wanted) => {
    let worker: Worker | ServiceWorker;
    if (wanted === 'web worker') {
      worker = new Worker('/worker.js', { type: 'module' });
    } else {
      const registration = await navigator.serviceWorker.register('/worker.js', { type: 'module' });
      await navigator.serviceWorker.ready;
      if (!registration.active) throw new Error('The service worker is not active');
      worker = registration.active;
    }
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise<unknown>((resolve, reject) => {
      port1.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage('report', [port2]);
    return answered;
  }, kind);
}

for (const kind of ['web worker', 'service worker'] as const) {
  test(`in a ${kind} the package can be imported and called: nothing happens`, async ({
    page,
    site,
    standIn,
  }) => {
    await serve(site);
    await page.goto(`${site.origin}/blank`);
    expect(await ask(page, kind)).toMatchObject({
      thrown: [],
      missing: [],
      receipts: ['discarded'],
      stats: { tracked: 0, delivered: 0, pending: 0 },
      said: [null],
      // The package reads `location` to know whether it runs in an extension.
      touched: kind === 'service worker' ? ['location'] : [],
      added: [],
    });
    expect(await site.batches()).toEqual([]);
    expect(await site.privateCalls()).toEqual([]);
    expect(await standIn.requests()).toEqual([]);
    expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
  });
}
