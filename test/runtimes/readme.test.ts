/** The documentation's statements about runtimes match the runtimes of these tests. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { examples, DOCUMENTATION } from '../support/docs/documentation.ts';
import { FOLDER } from './folder.ts';
import { BUN, deno, NEWEST_NODE, versionOf } from './runtimes.ts';

const SERVERS = [
  'express.js',
  'fastify.js',
  'koa.js',
  'hono.js',
  'next/app/e/[...path]/route.js',
  'next/next.config.js',
  'next-pages/pages/api/e/[...path].js',
  'next-pages/next.config.js',
  'workers.js',
  'queue.js',
  'lambda-express.js',
  'lambda-http.js',
  'deno.js',
  'bun.js',
];

test.each(SERVERS)('the documentation prints servers/%s unchanged', (file) => {
  expect(examples('js')).toContain(readFileSync(`${FOLDER}servers/${file}`, 'utf8'));
});

const installed = (name: string): string =>
  (JSON.parse(readFileSync(`${FOLDER}node_modules/${name}/package.json`, 'utf8')) as { version: string })
    .version;

/** The cell of the documentation's table with the tested version of a runtime. */
const cell = (name: string): string =>
  DOCUMENTATION.match(new RegExp(`^\\| ${name} +\\| ([^|]*?) *\\|`, 'm'))?.[1] ?? `no row of ${name}`;

test('the documentation names the versions that these tests run', () => {
  expect({
    Node: cell('Node'),
    Deno: cell('Deno'),
    Bun: cell('Bun'),
    Express: cell('Express'),
    Fastify: cell('Fastify'),
    Koa: cell('Koa'),
    Hono: cell('Hono'),
    'Next.js': cell('Next.js'),
    'AWS Lambda': cell('AWS Lambda'),
    Workers: cell('Cloudflare Workers'),
  }).toEqual({
    Node: expect.stringContaining(versionOf(NEWEST_NODE)),
    Deno: versionOf(deno()),
    Bun: versionOf(BUN),
    Express: installed('express'),
    Fastify: installed('fastify'),
    Koa: installed('koa'),
    Hono: `${installed('hono')} on @hono/node-server ${installed('@hono/node-server')}`,
    'Next.js': expect.stringContaining(installed('next')),
    'AWS Lambda': `@codegenie/serverless-express ${installed('@codegenie/serverless-express')}, serverless-http ${installed('serverless-http')}`,
    Workers: expect.stringContaining(installed('workerd')),
  });
  expect(DOCUMENTATION).toContain(`zone.js ${installed('zone.js')}`);
});
