/** The README's recipe for identity providers, run against a real one: oidc-provider, and oidc-client-ts in the page. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, type Page, test } from 'playwright/test';
import { createProxy } from '../../src/proxy/index.ts';
import { type OpenId, startOpenId } from '../support/openid.ts';
import { page as html } from '../support/site-pages.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RECIPE = /^```ts\n([^`]*?from 'oidc-client-ts'[^]*?)^```/m.exec(
  readFileSync(`${ROOT}README.md`, 'utf8'),
);
const APP_KEY = 'app-key';

interface Shop {
  readonly origin: string;
  readonly openId: OpenId;
  /** Whose attributes were asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens to a port
}

/** The recipe as it stands, with the addresses of this test. */
async function bundle(authority: string): Promise<string> {
  const code = (RECIPE?.[1] ?? '').replace('https://id.example.com', authority);
  const contents = `${code}
    Object.assign(window, { users, analytics });
    if (location.pathname === '/signed-in')
      users.signinCallback().then((user) => analytics.identify(user.profile.sub));`;
  const { outputFiles } = await build({
    stdin: { contents, loader: 'ts', resolveDir: ROOT },
    bundle: true,
    write: false,
    format: 'esm',
    alias: { 'cio-first-party': `${ROOT}dist/index.js` },
    external: ['./cio-*'],
  });
  // What the SDK loads later lies beside it.
  return (outputFiles[0]?.text ?? '').replaceAll('"./cio-', '"/e/cio-');
}

async function openShop(accessTokenTtlSeconds: number): Promise<Shop> {
  const asked: string[] = [];
  const customerio = createServer((request, response) => {
    const [, id = ''] = /^\/v1\/customers\/([^/]+)\/attributes/.exec(request.url ?? '') ?? [];
    if (id) asked.push(decodeURIComponent(id));
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(id ? { customer: { attributes: { name: `Attributes of ${id}` } } } : {}));
  });
  const upstream = await listen(customerio);
  const shop = createServer();
  const origin = await listen(shop);
  const openId = await startOpenId({
    redirectUri: `${origin}/signed-in`,
    audience: 'shop',
    accessTokenTtlSeconds,
  });
  const proxy = createProxy({
    writeKey: 'write-key',
    clientKeys: ['client-api-key-web'],
    basePath: '/e',
    upstreamUrl: upstream,
    customerToken: { jwksUrl: openId.jwksUrl, issuer: openId.origin, audience: 'shop' },
    appApi: { key: APP_KEY, url: upstream },
    files: (name) => readFileSync(`${ROOT}dist/${name}`),
  });
  const script = await bundle(openId.origin);
  shop.on('request', (request, response) => {
    proxy.node(request, response, () => {
      const isScript = request.url === '/app.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : html('Shop', '<script type="module" src="/app.js"></script>'));
    });
  });
  return {
    origin,
    openId,
    asked,
    async close() {
      for (const server of [shop, customerio]) {
        server.closeAllConnections();
        server.close();
      }
      await openId.close();
    },
  };
}

async function signIn(page: Page, shop: Shop, name: string): Promise<void> {
  await page.goto(`${shop.origin}/`);
  await page.waitForFunction('window.users');
  await page.evaluate('void users.signinRedirect()');
  await page.locator('[name=login]').fill(name);
  await page.locator('[name=password]').fill('any');
  await page.locator('[type=submit]').click();
  await page.locator('[type=submit]').click(); // that the shop may know who it is
  await page.waitForURL('**/signed-in*');
  await page.waitForFunction('window.analytics?.user().id()');
}

const attributes = (page: Page): Promise<unknown> => page.evaluate('analytics.customer.attributes()');

test('who has signed in at an OpenID provider sees their own attributes, with its access token', async ({
  page,
}) => {
  const shop = await openShop(600);
  try {
    await signIn(page, shop, 'ann');
    expect(await attributes(page)).toEqual({ name: 'Attributes of ann' });
    expect(await attributes(page)).toEqual({ name: 'Attributes of ann' });
    expect(shop.asked).toEqual(['ann', 'ann']);
    // One as she signed in, and a fresh one for the identity that the page has given her.
    expect(shop.openId.issued()).toBe(2);
    expect(await page.evaluate('analytics.customerTokenStatus()')).toMatchObject({
      state: 'usable',
      userId: 'ann',
      subject: 'ann',
    });
  } finally {
    await shop.close();
  }
});

test('a fresh access token is had with the refresh token', async ({ page }) => {
  const shop = await openShop(600);
  try {
    await signIn(page, shop, 'bob');
    expect(await attributes(page)).toEqual({ name: 'Attributes of bob' });
    const before = shop.openId.issued();
    expect(await page.evaluate('analytics.refreshCustomerToken()')).toMatchObject({ state: 'usable' });
    expect(shop.openId.issued()).toBe(before + 1);
    expect(await attributes(page)).toEqual({ name: 'Attributes of bob' });
  } finally {
    await shop.close();
  }
});

test('whoever has not signed in there gets nothing, whatever name they give themselves', async ({ page }) => {
  const shop = await openShop(600);
  try {
    await signIn(page, shop, 'eve');
    const code = await page.evaluate(
      `analytics.identify('ann').then(() => analytics.customer.attributes()).catch(({ code }) => code)`,
    );
    expect(code).toBe('token-unavailable');
    expect(shop.asked).toEqual([]);
  } finally {
    await shop.close();
  }
});
