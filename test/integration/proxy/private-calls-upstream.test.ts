// @vitest-environment node
/** Private calls: how the proxy translates each response of Customer.io. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fullVerdict } from './setup.ts';
import { type Upstream } from './upstream.ts';
import {
  APP_KEY,
  SITE_ID,
  ATTRIBUTES,
  CATEGORIES,
  FETCH,
  READ,
  DELETE,
  type Setting,
  start,
} from './private-calls-setup.ts';

describe('a response of Customer.io', () => {
  const asks = (setting: Setting): readonly (readonly [Upstream, string, object])[] => [
    [setting.app, ATTRIBUTES, {}],
    [setting.app, CATEGORIES, {}],
    [setting.pipelines, CATEGORIES, { topics: [{ id: '7', subscribed: true }] }],
    [setting.inApp, FETCH, {}],
    [setting.inApp, READ, { id: 'q1' }],
    [setting.inApp, DELETE, { id: 'q1' }],
  ];

  test.each<[number, string]>([
    [400, '400 rejected'],
    [422, '400 rejected'],
    [401, '503 upstream_misconfigured'],
    [403, '503 upstream_misconfigured'],
    [405, '503 upstream_misconfigured'],
    [408, '503 upstream_unavailable'],
    [429, '503 upstream_unavailable'],
    [500, '503 upstream_unavailable'],
    [503, '503 upstream_unavailable'],
  ])('%i becomes %s', async (status, expected) => {
    const setting = await start();
    for (const [upstream, path, body] of asks(setting)) {
      upstream.respond({ status, headers: { 'Retry-After': '77' } });
      const response = await setting.ask(path, body);
      if (expected.includes('unavailable')) expect(response.headers.get('Retry-After')).toBe('77');
      if (expected.includes('misconfigured')) expect(response.headers.get('Retry-After')).toBe('60');
      expect(response.headers.get('WWW-Authenticate')).toBeNull();
      expect(await fullVerdict(response)).toBe(expected);
    }
  });

  test('about an unknown person becomes empty data', async () => {
    const { app, inApp, ask } = await start();
    for (const upstream of [app, inApp])
      upstream.respond({ status: 404, body: '{"errors":[{"status":"404"}]}' });
    expect(await (await ask(ATTRIBUTES)).json()).toEqual({ attributes: {} });
    expect(await (await ask(CATEGORIES)).json()).toEqual({ topics: [] });
    expect(await (await ask(FETCH)).json()).toEqual({ messages: [] });
  });

  test('about a message that is gone counts as success', async () => {
    const { inApp, ask } = await start();
    inApp.respond({ status: 404 });
    for (const path of [READ, DELETE])
      expect(await (await ask(path, { id: 'q1' })).json()).toEqual({ success: true });
  });

  test.each([204, 304])('about an inbox without news (%i) becomes no messages', async (status) => {
    const { inApp, ask } = await start();
    inApp.respond({ status, body: '' });
    expect(await (await ask(FETCH)).json()).toEqual({ messages: [] });
  });

  test('about a person without topics or messages becomes an empty list', async () => {
    const { app, inApp, ask } = await start();
    app.respond({ body: '{"customer":{}}' });
    inApp.respond({ body: '{}' });
    expect(await (await ask(CATEGORIES)).json()).toEqual({ topics: [] });
    expect(await (await ask(FETCH)).json()).toEqual({ messages: [] });
  });

  test.each([
    '<html>',
    '7',
    '[]',
    'null',
    '{"customer":7,"inboxMessages":7}',
    '{"customer":{"attributes":7,"topics":7},"inboxMessages":{}}',
  ])('that is malformed becomes 503: %s', async (body) => {
    const { app, inApp, ask } = await start();
    for (const upstream of [app, inApp]) upstream.respond({ body });
    for (const path of [ATTRIBUTES, CATEGORIES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_unavailable');
  });

  test.each(['hang-up', 'silence'] as const)('that is %s becomes 503', async (answer) => {
    const setting = await start({ timeoutMs: 100 });
    for (const [upstream, path, body] of asks(setting)) {
      upstream.respond(answer);
      const response = await setting.ask(path, body);
      expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
      expect(await fullVerdict(response)).toBe('503 upstream_unavailable');
    }
  });

  test('that never ends becomes 503', async () => {
    const endless = createServer((_, response) => void response.writeHead(200).write('{"customer":'));
    endless.listen(0, '127.0.0.1');
    await once(endless, 'listening');
    onTestFinished(() => {
      endless.closeAllConnections();
      endless.close();
    });
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    const { ask } = await start({
      timeoutMs: 100,
      appApi: { key: APP_KEY, url },
      inApp: { siteId: SITE_ID, url },
    });
    for (const path of [ATTRIBUTES, CATEGORIES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_unavailable');
  });

  test('that cannot be reached becomes 503', async () => {
    const url = 'http://127.0.0.1:1';
    const { ask } = await start({ appApi: { key: APP_KEY, url }, inApp: { siteId: SITE_ID, url } });
    for (const path of [ATTRIBUTES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_unavailable');
  });
});
