/** `snippet --inline` on pages with a policy, and in places where scripts have no element of their own. */
import { createHash } from 'node:crypto';
import { snippet } from '../../support/build/snippet.ts';
import { watchViolations } from '../../support/page/violations.ts';
import { expect, test } from '../../support/site/fixtures.ts';
import { page as html } from '../../support/site/site-pages.ts';

const MORE = ['--inline', '--page-views', 'history'];
const INLINE = snippet(...MORE).trim();
const CODE = INLINE.replace(/^<script>|<\/script>$/g, '');
const TEXT = JSON.stringify(CODE).replaceAll('<', String.raw`\x3C`);
const hash = createHash('sha256').update(CODE).digest('base64');
const REST = "default-src 'none'; connect-src 'self'; img-src data:";

/** The content of a page, and its policy. */
const PLACES: Readonly<Record<string, readonly [content: string, policy?: string]>> = {
  'by its hash': [INLINE, `${REST}; script-src 'self' 'sha256-${hash}'`],
  'by a nonce': [
    snippet(...MORE, '--nonce', 'abc'),
    `${REST}; script-src 'nonce-abc' 'strict-dynamic'; require-trusted-types-for 'script'; trusted-types 'none'`,
  ],
  'as a module': [`<script type="module">${CODE}</script>`],
  'evaluated by a loader': [`<script>setTimeout(() => (0, eval)(${TEXT}));</script>`],
  'in a file of another server path, with attributes of another script': [
    `<script>
      const url = URL.createObjectURL(new Blob([${TEXT}], { type: 'text/javascript' }));
      const script = Object.assign(document.createElement('script'), { src: url });
      Object.assign(script.dataset, { clientKey: 'of-another-script', consent: 'denied' });
      document.head.append(script);
    </script>`,
  ],
};

for (const [place, [content, policy]] of Object.entries(PLACES)) {
  test(`${place}: installs, and loads its later files from the proxy`, async ({ page, site, standIn }) => {
    const violations = await watchViolations(page);
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    await site.page('/shop/boots', {
      body: html('Boots', content),
      headers: policy === undefined ? {} : { 'Content-Security-Policy': policy },
    });
    await page.goto(`${site.origin}/shop/boots`);
    await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
    await page.evaluate(() => window.cioanalytics.track('Clicked'));
    await expect.poll(async () => [...(await standIn.names())].sort()).toEqual(['Clicked', 'page']);
    await page.evaluate(() => {
      history.pushState(null, '', '/shop/tents');
      document.title = 'Tents';
    });
    await expect.poll(async () => [...(await standIn.names())].sort()).toEqual(['Clicked', 'page', 'page']);
    expect(await site.hits()).toContain('GET /e/cio-pages.js');
    expect(lines).toEqual([]);
    expect(await violations()).toEqual([]);
  });
}
