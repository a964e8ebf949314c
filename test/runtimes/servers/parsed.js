/** A body parser that has run before the proxy, as it should not: `node parsed.js WHICH`. */
import { buffer } from 'node:stream/consumers';
import { serve } from '@hono/node-server';
import express from 'express';
import { Hono } from 'hono';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import { createProxy } from 'cio-first-party/proxy';

const port = Number(process.env.PORT);
const proxy = createProxy({
  ...JSON.parse(process.env.PROXY_OPTIONS ?? ''),
  onLog: ({ error, detail }) => error && console.error(error, detail),
});

const behind = (parser) => express().use(parser).use(proxy.node);
/** As Nest and Cloud Functions keep it. */
const keepRawBody = [
  express.json({ verify: (request, _, bytes) => (request.rawBody = bytes) }),
  (request, _, next) => {
    delete request.body;
    next();
  },
];
const keepAsItCame = async (request, _, next) => {
  request.rawBody = await buffer(request);
  next();
};
const withKoa = (kept) =>
  new Koa().use(bodyParser()).use((context) => {
    context.respond = false;
    proxy.node(Object.assign(context.req, kept(context.request)), context.res);
  });

const SERVERS = {
  'express.json': () => behind(express.json()),
  'express.json, with rawBody': () => behind(keepRawBody),
  'express.text': () => behind(express.text({ type: '*/*' })),
  'express.raw': () => behind(express.raw({ type: '*/*' })),
  'what keeps it as it came': () => behind(keepAsItCame),
  'koa-bodyparser': () => withKoa(() => ({})),
  'koa-bodyparser, handed on': () => withKoa(({ body }) => ({ body })),
};

const which = process.argv[2];
if (which === 'hono') {
  const app = new Hono();
  app.use('/e/v1/batch', async (context, next) => {
    await context.req.json();
    await next();
  });
  app.all('/e/*', (context) => proxy.fetch(context.req.raw));
  serve({ fetch: app.fetch, port });
} else SERVERS[which]().listen(port);
