/** The documentation prints the recipes that these tests run, letter by letter. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DOCUMENTATION } from '../../support/docs/documentation.ts';
import { recipe, RECIPES } from './recipe.ts';

const FILES = readdirSync(RECIPES, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => `${parentPath}/${name}`.slice(RECIPES.length).replace(/^\//, ''))
  .sort();

const blocks = [...DOCUMENTATION.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, text]) => text);

test('there are recipes', () => {
  expect(FILES).toEqual([
    'caddy/Caddyfile',
    'container/Containerfile',
    'durable-object/worker.js',
    'durable-object/wrangler.json',
    'netlify/netlify.toml',
    'netlify/netlify/functions/e.js',
    'nginx/shop.conf',
    'systemd/cio-first-party.service',
    'systemd/env',
    'vercel/api/e.js',
    'vercel/vercel.json',
    'workers/worker.js',
    'workers/wrangler.json',
  ]);
});

test.each(FILES)('the documentation prints %s unchanged', (file) => {
  expect(blocks).toContain(recipe(file));
});
