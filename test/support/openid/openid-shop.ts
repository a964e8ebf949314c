/**
 * A shop whose page is a recipe of the documentation, unchanged, and whose proxy trusts the issuer of the documentation's
 * table.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { build } from 'esbuild';
import { createProxy } from '../../../src/proxy.ts';
import type { Internet } from '../browser/internet.ts';
import { listen } from '../server/listen.ts';
import type { Issuer } from './openid.ts';
import { issuingOf, type Recipe, recipeCode } from './openid-recipes.ts';
import { ROOT } from '../docs/documentation.ts';
import { page as html } from '../site/site-pages.ts';

export interface Shop {
  readonly origin: string;
  readonly issuer: Issuer;
  /** The user ids whose attributes were requested. */
  readonly asked: readonly string[];
  /** The customer tokens that the proxy has received, each once. */
  readonly tokens: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface ShopOptions {
  /** The audience of the issuer's tokens. @default the audience that the recipe requests */
  readonly audience?: string;
}

async function bundle(recipe: Recipe): Promise<string> {
  const contents = `${recipeCode(recipe)}
    ${recipe.redirects ? '' : `import { signInAs } from '${recipe.library}'; window.signInAs = signInAs;`}
    Object.assign(window, { ${recipe.client}, analytics });
    if (location.pathname === '/signed-in') ${recipe.arrived}.then((id) => analytics.identify(id));`;
  const { outputFiles } = await build({
    stdin: { contents, loader: 'ts', resolveDir: ROOT },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    alias: {
      'cio-first-party': `${ROOT}dist/index.js`,
      'firebase/auth': `${ROOT}test/support/openid/firebase-auth.ts`,
    },
    external: ['./cio-*'],
  });
  // The files that the SDK loads later are served next to the proxy.
  return (outputFiles[0]?.text ?? '').replaceAll('"./cio-', '"/e/cio-');
}

export async function openShop(recipe: Recipe, internet: Internet, options: ShopOptions = {}): Promise<Shop> {
  const asked: string[] = [];
  const tokens = new Set<string>();
  const customerio = await listen(
    createServer((request, response) => {
      const [, id = ''] = /^\/v1\/customers\/([^/]+)\/attributes/.exec(request.url ?? '') ?? [];
      if (id) asked.push(decodeURIComponent(id));
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(id ? { customer: { attributes: { name: `Attributes of ${id}` } } } : {}));
    }),
  );
  const shop = await listen(createServer());
  const origin = `http://127.0.0.1:${shop.port}`;
  const issuer = await recipe.open(`${origin}/signed-in`, options.audience);
  internet.answer = issuer.answer;
  // The proxy fetches the issuer's keys over plain HTTP: Node's `fetch` refuses a certificate that no known
  // authority has signed.
  const keys = await listen(createServer(issuer.answer));
  const upstreamUrl = `http://127.0.0.1:${customerio.port}`;
  const proxy = createProxy({
    writeKey: 'write-key',
    clientKeys: ['client-api-key-web'],
    basePath: '/e',
    upstreamUrl,
    customerToken: issuingOf(recipe),
    appApi: { key: 'app-key', url: upstreamUrl },
    files: (name) => readFileSync(`${ROOT}dist/${name}`),
    fetch: (url, init) =>
      fetch(url === issuer.jwksUrl ? `http://127.0.0.1:${keys.port}${new URL(url).pathname}` : url, init),
  });
  const script = await bundle(recipe);
  shop.server.on('request', (request, response) => {
    const [, token] = /^Bearer (.+)/.exec(request.headers.authorization ?? '') ?? [];
    if (token) tokens.add(token);
    proxy.node(request, response, () => {
      const isScript = request.url === '/app.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : html('Shop', '<script type="module" src="/app.js"></script>'));
    });
  });
  return {
    origin,
    issuer,
    asked,
    tokens,
    async close() {
      for (const { server } of [shop, customerio, keys]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}
