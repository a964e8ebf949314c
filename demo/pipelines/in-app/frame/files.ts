/** The files of the two hosts of the frame, for each variant of the renderer. */
import { readFileSync } from 'node:fs';
import { json, type Reply } from '../reply.ts';
import type { InAppTarget } from '../routes.ts';
import type { InAppSettings, RendererVariant } from '../settings.ts';
import { basePage, externalPage, modulePage, navigatingPage, relativePage } from './pages.ts';

/** The version in URLs of the stand-in. The code host has the same files below every version. */
const VERSION_PATH = '/renderer/9.9.9/index.html';

const HUGE_BYTES = 11_000_000;

const script = readFileSync(new URL('renderer.js', import.meta.url));
const moduleScript = readFileSync(new URL('module.js', import.meta.url));

/** `(module (func (export "answer") (result i32) (i32.const 42)))` */
const WASM = Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAcKAQZhbnN3ZXIAAAoGAQQAQSoL', 'base64');

interface Asset {
  readonly type: string;
  readonly body: string | Buffer;
}

const ASSETS: Readonly<Record<string, Asset>> = {
  'main.min.js': { type: 'text/javascript', body: script },
  'module.js': { type: 'text/javascript', body: moduleScript },
  'main.css': { type: 'text/css', body: 'html, body { margin: 0 }\n[data-step][hidden] { display: none }\n' },
  'strings.json': { type: 'application/json', body: '{"close":"Close"}' },
  'engine.wasm': { type: 'application/wasm', body: WASM },
  'assets/font.woff2': { type: 'font/woff2', body: Buffer.from('wOF2 stand-in') },
  'assets/logo.svg': {
    type: 'image/svg+xml',
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>',
  },
};

/**
 * Answers a request for a file of the frame. The host `renderer.gist.build` has `/<major>.<minor>/…` only. The host
 * `code.gist.build` has `/renderer/<version>/…`, and the files of the pages that are at both hosts.
 *
 * @param codeUrl the base URL of the code host, in redirects and in scripts
 */
export function answerFrame(
  { route, id }: InAppTarget,
  method: string,
  codeUrl: string,
  { variant, frameHeaders }: InAppSettings,
): Reply {
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'method' }, frameHeaders);
  const [, folder = '', name = ''] = /^\/(\d+\.\d+|renderer\/\d+\.\d+\.\d+)\/(.+)$/.exec(id) ?? [];
  const isVersion = folder.startsWith('renderer/');
  if (folder === '' || (isVersion && route === 'frame')) return missing(frameHeaders);
  if (name === 'index.html') {
    const page = isVersion ? versionPage(variant) : firstPage(variant, codeUrl);
    return { ...page, headers: { ...frameHeaders, ...page.headers } };
  }
  const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
  if (!asset) return missing(frameHeaders);
  const cache = isVersion ? 'public, max-age=31536000, immutable' : 'public, max-age=300';
  return {
    status: 200,
    headers: { ...frameHeaders, 'Content-Type': asset.type, 'Cache-Control': cache },
    body: asset.body,
  };
}

/** The page that a site puts into its frame: `/3.0/index.html`. */
function firstPage(variant: RendererVariant, codeUrl: string): Reply {
  const target = codeUrl + VERSION_PATH;
  switch (variant) {
    case 'V2':
    case 'V4-redirect':
      return { status: 302, headers: { Location: target } };
    case 'V3':
      return html(navigatingPage(target));
    case 'V8-missing':
      return missing({});
    case 'V8-huge': {
      const page = relativePage(variant);
      return html(`${page}<!--${'x'.repeat(HUGE_BYTES - page.length)}-->`);
    }
    default:
      return versionPage(variant);
  }
}

/** The page on the code host: `/renderer/9.9.9/index.html`. */
function versionPage(variant: RendererVariant): Reply {
  switch (variant) {
    case 'V4':
    case 'V4-redirect':
      return html(basePage(variant, '/renderer/9.9.9/'));
    case 'V5':
      return html(modulePage(variant));
    case 'V7':
      return html(externalPage(variant));
    default:
      return html(relativePage(variant));
  }
}

function html(body: string): Reply {
  return {
    status: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-cache' },
    body,
  };
}

function missing(headers: Readonly<Record<string, string>>): Reply {
  return {
    status: 404,
    headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8' },
    body: '<!doctype html><title>404</title><p>Not found</p>',
  };
}
