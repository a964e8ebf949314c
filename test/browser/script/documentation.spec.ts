/** Runs every block of the two reference pages about the script tag. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '../../support/site/fixtures.ts';
import { pageText, ROOT } from '../../support/docs/documentation.ts';
import { page as html } from '../../support/site/site-pages.ts';

const TEXT =
  pageText('docs/reference/script-attributes.md') + pageText('docs/guides/csp-and-strict-pages.md');
const BLOCKS = [...TEXT.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language, code = '']) => ({
  language,
  code,
}));

/** The two pages have exactly these blocks. */
const [TAG, PRINT, CREATE, CONSENT, STRICT, FRAME_POLICY] = BLOCKS.map(({ code }) => code);

/** Splits a command line as a shell does. */
function shell(line = ''): string {
  const [npx, name, ...args] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );
  expect([npx, name]).toEqual(['npx', 'cio-first-party']);
  return execFileSync(process.execPath, [`${ROOT}dist/cli.js`, ...args], { encoding: 'utf8' });
}

test('the two pages have six blocks, and each has its test here', () => {
  expect(BLOCKS.map(({ language }) => language)).toEqual(['html', 'sh', 'html', 'html', 'sh', 'text']);
});

test('the policy for in-app messages is one of those under which all files of the SDK are used', () => {
  const policies = readFileSync(new URL('policies.spec.ts', import.meta.url), 'utf8');
  expect(policies).toContain(`"${FRAME_POLICY?.trim() ?? 'missing'}"`);
});

test('the tag creates the global, which delivers', async ({ page, site, standIn }) => {
  await site.page('/readme', { body: html('Tag', TAG ?? '') });
  await page.goto(`${site.origin}/readme`);
  await page.waitForFunction(() => 'cioanalytics' in window);
  await page.evaluate(() => window.cioanalytics.track('Clicked'));
  await expect.poll(() => standIn.names()).toEqual(['Clicked']);
});

test("the snippet is at most 1 kB, and with createAnalytics between its lines the page's token provider is called", async ({
  page,
  site,
  standIn,
}) => {
  const printed = shell(PRINT);
  expect(Buffer.byteLength(printed)).toBeLessThanOrEqual(1_000);
  expect(printed.match(/<\/script>\n/g)).toHaveLength(2);
  await site.page('/readme', {
    body: html(
      'Snippet',
      `${printed.replace('\n', `\n${CREATE}`)}<script>cioanalytics.identify('ann');</script>`,
    ),
  });
  await page.goto(`${site.origin}/readme`);
  await expect.poll(() => standIn.names()).toEqual(['identify']);
  await site.page('/token', { body: 'no token of the proxy’s' });
  const code = await page.evaluate(() =>
    window.cioanalytics.customer.attributes().then(
      () => undefined,
      (cause: { code: string }) => cause.code,
    ),
  );
  expect(code).toBe('token-malformed');
  expect(await site.hits()).toContain('GET /token?user=ann');
});

test('with the consent sources as a module next to the script, calls wait for the platform', async ({
  page,
  site,
  standIn,
}) => {
  const [stub = ''] = shell(PRINT).split('\n');
  const platform = `
    window.OneTrust = { IsAlertBoxClosed: () => window.isClosed === true, GetDomainData: () => ({ ShowAlertNotice: true }) };
    window.OnetrustActiveGroups = ',C0001,';
    window.agree = () => {
      window.isClosed = true;
      window.OnetrustActiveGroups = ',C0001,C0002,';
      dispatchEvent(new CustomEvent('OneTrustGroupsUpdated'));
    };`;
  await site.page('/readme', {
    body: html(
      'Consent',
      `<script>${platform}</script>${stub}<script async src="/e/cio.js"></script>
       <script>cioanalytics.track('Held');</script>${CONSENT}`,
    ),
  });
  await page.goto(`${site.origin}/readme`);
  await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  expect(await page.evaluate(() => window.cioanalytics.consent.state)).toBe('pending');
  await page.evaluate('agree()');
  await expect.poll(() => standIn.names()).toEqual(['Held', 'Consent Updated']);
});

test('the strict example has the nonce of the template on both tags, and waits for consent', async ({
  page,
  site,
  standIn,
}) => {
  const printed = shell(STRICT).replaceAll('{{ nonce }}', 'abc');
  expect(printed.match(/ nonce="abc"/g)).toHaveLength(2);
  const policy =
    "script-src 'nonce-abc' 'strict-dynamic'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";
  await site.page('/readme', {
    body: html('Strict', `${printed}<script nonce="abc">cioanalytics.track('Held');</script>`),
    headers: { 'Content-Security-Policy': policy },
  });
  await page.goto(`${site.origin}/readme`);
  await page.waitForFunction(() => typeof window.cioanalytics?.stats === 'function');
  expect(await page.evaluate(() => window.cioanalytics.stats())).toMatchObject({ tracked: 1, pending: 1 });
  await page.evaluate(() => window.cioanalytics.consent.grant());
  await expect.poll(() => standIn.names()).toEqual(['Held']);
});

test('the table lists exactly the members of the stub', async ({ page, site }) => {
  const [, , table = ''] = /^(\| on the stub.*\n)((?:\|.*\n)+)/m.exec(TEXT) ?? [];
  const told = table
    .split('\n')
    .slice(1)
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([\w.]+)`/g)].map(([, name]) => name));
  const [stub = ''] = shell(PRINT).split('\n');
  await site.page('/readme', { body: html('Stub', stub) });
  await page.goto(`${site.origin}/readme`);
  const there = await page.evaluate(() => {
    const names = (owner: object, path = ''): readonly string[] =>
      Object.entries(owner).flatMap(([name, value]) =>
        typeof value === 'function' ? [path + name] : names(value as object, `${path}${name}.`),
      );
    return names(window.cioanalytics);
  });
  expect(told).toEqual(there);
  expect(told.length).toBeGreaterThan(20);
});
