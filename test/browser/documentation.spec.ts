/** Compiles every example of the documentation, and runs the executable ones with the built package. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { transformSync } from 'esbuild';
import { APP_NAMES, appFolder, type AppName } from '../support/build/apps.ts';
import { expect, test } from '../support/site/fixtures.ts';
import { examples, pageText, ROOT } from '../support/docs/documentation.ts';
import { page as pageOf } from '../support/site/site-pages.ts';

const FOLDER = `${ROOT}test/results/readme/`;

/** Returns the one example that contains `part`. */
function example(language: string, part: string): string {
  const found = examples(language).filter((code) => code.includes(part));
  expect(found, `${language} with ${part}`).toHaveLength(1);
  return found[0] ?? '';
}

const toJavaScript = (code: string): string => transformSync(code, { loader: 'ts', format: 'esm' }).code;

test('every TypeScript example compiles against the published types', async () => {
  const codes = examples('ts');
  expect(codes.length).toBeGreaterThan(2);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const [i, code] of codes.entries()) writeFileSync(`${FOLDER}${i}.ts`, code);
  // The recipes for frameworks import the file that the page about page views shows.
  writeFileSync(`${FOLDER}analytics.ts`, examples('ts', pageText('docs/guides/page-views.md'))[0] ?? '');
  const compilerOptions = {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    lib: ['ES2022', 'DOM'],
    types: ['node'],
    typeRoots: [`${ROOT}node_modules/@types`],
    strict: true,
    noEmit: true,
    paths: {
      'cio-first-party': [`${ROOT}dist/index.d.ts`],
      'cio-first-party/consent': [`${ROOT}dist/consent.d.ts`],
      'cio-first-party/proxy': [`${ROOT}dist/proxy.d.ts`],
      'cio-first-party/nats': [`${ROOT}dist/nats.d.ts`],
      'cio-first-party/redis': [`${ROOT}dist/redis.d.ts`],
    },
  };
  const include = [
    '*.ts',
    ...['openid/firebase', 'docs/react'].map((file) => `${ROOT}test/support/${file}.d.ts`),
  ];
  writeFileSync(`${FOLDER}tsconfig.json`, JSON.stringify({ compilerOptions, include }));
  const tsc = `${ROOT}node_modules/typescript/bin/tsc`;
  // A worker that is blocked for so long would find its connections to the site closed.
  const { stdout } = spawn(process.execPath, [tsc, '-p', FOLDER], { stdio: ['ignore', 'pipe', 'inherit'] });
  expect(await text(stdout)).toBe('');
});

test('the client is at most 15 lines and the proxy at most 10', () => {
  const lines = (code: string): number => code.trim().split('\n').length;
  expect(lines(example('ts', "await analytics.track('Order Placed'"))).toBeLessThanOrEqual(15);
  expect(lines(example('ts', 'createServer(proxy.node)'))).toBeLessThanOrEqual(10);
});

test('the client example stores its events and delivers them', async ({ page, site, standIn }) => {
  const code = toJavaScript(example('ts', "await analytics.track('Order Placed'"));
  const script = code.replace(/(['"])cio-first-party\1/, "'/dist/index.js'");
  await site.page('/readme', { body: pageOf('Example', `<script type="module">${script}</script>`) });
  const said = page.waitForEvent('console');
  await page.goto(`${site.origin}/readme`);
  expect((await said).text()).toBe('stored');
  await expect.poll(() => standIn.names()).toEqual(['identify', 'Home', 'Order Placed']);
});

test('the example with a consent platform sends after the visitor has agreed', async ({
  page,
  site,
  standIn,
}) => {
  const script = toJavaScript(example('ts', 'oneTrust({ purposes').replace('export const', 'const'))
    .replace(/(['"])cio-first-party\1/, "'/dist/index.js'")
    .replace(/(['"])cio-first-party\/consent\1/, "'/dist/consent.js'");
  const platform = `
    window.OneTrust = { IsAlertBoxClosed: () => window.isClosed === true, GetDomainData: () => ({ ShowAlertNotice: true }) };
    window.OnetrustActiveGroups = ',C0001,';
    window.choose = (groups) => {
      window.isClosed = true;
      window.OnetrustActiveGroups = groups;
      dispatchEvent(new CustomEvent('OneTrustGroupsUpdated'));
    };`;
  await site.page('/readme', {
    body: pageOf(
      'Example',
      `<script>${platform}</script><script type="module">${script}\nwindow.analytics = analytics;</script>`,
    ),
  });
  await page.goto(`${site.origin}/readme`);
  await page.waitForFunction(() => 'analytics' in window);
  await page.evaluate(() => void window.analytics.track('Held'));
  expect(await page.evaluate(() => window.analytics.consent.state)).toBe('pending');
  await page.evaluate("choose(',C0001,C0002,C0004,')");
  await expect.poll(() => standIn.names()).toEqual(['Held', 'Consent Updated']);
  await page.evaluate("choose(',C0001,')");
  expect(await page.evaluate(() => window.analytics.consent.state)).toBe('denied');
});

test('each recipe for a consent platform waits if the platform does not exist', async ({ page, site }) => {
  const recipes = examples('ts').filter(
    (code) => code.includes('cio-first-party/consent') && code.includes('createAnalytics('),
  );
  expect(recipes).toHaveLength(12);
  for (const recipe of recipes) {
    const script = toJavaScript(recipe.replace('export const', 'const'))
      .replace(/(['"])cio-first-party\1/, "'/dist/index.js'")
      .replace(/(['"])cio-first-party\/consent\1/, "'/dist/consent.js'");
    await site.page('/readme', {
      body: pageOf('Recipe', `<script type="module">${script}\nwindow.analytics = analytics;</script>`),
    });
    await page.goto(`${site.origin}/readme`);
    await page.waitForFunction(() => 'analytics' in window);
    const grantsByItself = recipe.includes("tell('granted')), globalPrivacyControl");
    expect(await page.evaluate(() => window.analytics.consent.state), recipe).toBe(
      grantsByItself ? 'granted' : 'pending',
    );
  }
});

test('the recipes for single-page apps are those of the tested apps', () => {
  const section = pageText('docs/guides/page-views.md');
  const [analytics] = [...section.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  const recipes = section.matchAll(
    /^\*\*(.+?)\*\*.*?`(.+?)`, with the file above as `(.+?)`:\n\n```jsx?\n([\s\S]*?)^```/gm,
  );
  const folders: string[] = [];
  for (const [, name = '', file = '', analyticsFile = '', code] of recipes) {
    const folder = name.toLowerCase().replace('.js', '').replace(' ', '-');
    folders.push(folder);
    expect(readFileSync(path.join(appFolder(folder as AppName), file), 'utf8')).toBe(code);
    expect(readFileSync(path.join(appFolder(folder as AppName), analyticsFile), 'utf8')).toBe(analytics);
  }
  expect(folders.sort()).toEqual(APP_NAMES);
});

test('the proxy example delivers events', async ({ standIn }) => {
  // Only the port and the URL of Customer.io are changed.
  const code = toJavaScript(example('ts', 'createServer(proxy.node)'))
    .replace(/(['"])cio-first-party\/proxy\1/, `'${ROOT}dist/proxy.js'`)
    .replace(
      '.listen(8080)',
      ".listen(0, '127.0.0.1', function () { process.stdout.write(this.address().port + '\\n'); })",
    );
  const before = `const real = fetch;
    globalThis.fetch = (url, init) => real(String(url).replace('https://cdp.customer.io', '${standIn.origin}'), init);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `${before}\n${code}`], {
    env: { ...process.env, CIO_WRITE_KEY: 'write-key' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const { value: port } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    const answer = await fetch(`http://127.0.0.1:${String(port)}/e/v1/batch`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa('client-api-key-web:')}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        batch: [{ type: 'track', event: 'By Hand', messageId: 'm1', anonymousId: 'a1', properties: {} }],
        sentAt: new Date().toISOString(),
      }),
    });
    expect(answer.status).toBe(200);
    expect(await standIn.names()).toEqual(['By Hand']);
  } finally {
    child.kill();
  }
});
