// @vitest-environment node
/** Private calls: where credentials are sent, and what pages of other origins may do. */
import { describe, expect, test } from 'vitest';
import { type FetchLike } from '../../../src/proxy.ts';
import { SECRET } from './key-server.ts';
import { CLIENT_KEY, fullVerdict, post, WRITE_KEY } from './setup.ts';
import { type Answer, type Upstream } from './upstream.ts';
import { APP_KEY, SITE_ID, ATTRIBUTES, CATEGORIES, FETCH, ALL, start } from './private-calls-setup.ts';

describe('a credential', () => {
  test('is sent only to its own host', async () => {
    const { pipelines, app, inApp, ask, proxy } = await start();
    for (const [path, body] of ALL) await ask(path, body);
    await ask(CATEGORIES, { topics: [{ id: '7', subscribed: true }] });
    await proxy.fetch(post());
    const seen = [pipelines, app, inApp].map(({ received }) =>
      JSON.stringify(received.map(({ headers, path, text }) => [headers, path, text])),
    );
    const basic = btoa(`${WRITE_KEY}:`);
    const holders = (text: string): readonly boolean[] => seen.map((each) => each.includes(text));
    expect(pipelines.received).toHaveLength(2);
    expect(app.received).toHaveLength(2);
    expect(inApp.received).toHaveLength(3);
    expect(holders(basic)).toEqual([true, false, false]);
    expect(holders(APP_KEY)).toEqual([false, true, false]);
    expect(holders(SITE_ID)).toEqual([false, false, true]);
    for (const visitors of [CLIENT_KEY, 'eyJ', 'x-cio-client-key', 'cookie'])
      expect(holders(visitors)).toEqual([false, false, false]);
  });

  test('is sent without anything of the visitor’s request', async () => {
    const { app, inApp, ask } = await start();
    const headers = {
      Cookie: 'session=hidden',
      'X-Forwarded-For': '6.6.6.6',
      'User-Agent': 'Browser/1',
      'X-Custom': 'hidden',
    };
    for (const [path, body] of ALL) await ask(path, body, 'u1', headers);
    const seen = JSON.stringify([...app.received, ...inApp.received]);
    for (const value of ['hidden', '6.6.6.6', 'Browser/1']) expect(seen).not.toContain(value);
  });

  test.each([301, 302, 307, 308])('is not sent along a redirect by %i', async (status) => {
    const { pipelines, app, inApp, ask } = await start();
    for (const upstream of [app, inApp]) upstream.respond({ status, headers: { Location: pipelines.url } });
    for (const path of [ATTRIBUTES, CATEGORIES, FETCH])
      expect(await fullVerdict(await ask(path))).toBe('503 upstream_misconfigured');
    expect(pipelines.received).toHaveLength(0);
  });

  test('is sent to the region of the account', async () => {
    const seen: string[] = [];
    const fetch: FetchLike = async (url) => {
      seen.push(new URL(url).origin);
      return new Response('{"customer":{"attributes":{}}}');
    };
    for (const region of ['us', 'eu'] as const) {
      const { ask } = await start({ region, fetch, appApi: { key: APP_KEY }, inApp: { siteId: SITE_ID } });
      await ask(ATTRIBUTES);
      await ask(FETCH);
    }
    const inApp = 'https://consumer.cloud.gist.build';
    expect(seen).toEqual(['https://api.customer.io', inApp, 'https://api-eu.customer.io', inApp]);
  });

  test('may be used with a URL that has a path', async () => {
    const { app } = await start();
    const { ask } = await start({ appApi: { key: APP_KEY, url: new URL(`${app.url}/app/`) } });
    await ask(ATTRIBUTES);
    expect(app.received[0]?.path).toBe('/app/v1/customers/u1/attributes?id_type=id');
  });

  test('appears in no response and no log line, nor do personal data, when upstreams echo requests', async () => {
    const { app, inApp, pipelines, ask, log } = await start();
    const echo = ({ headers, path, text }: Upstream['received'][number], status: number): Answer => ({
      status,
      headers: { 'X-Echo': JSON.stringify(headers).slice(0, 2_000), 'Set-Cookie': `k=${APP_KEY}` },
      body: JSON.stringify({
        customer: { attributes: { plan: 'pro' }, topics: [], echo: headers },
        inboxMessages: [{ queueId: 'q1', userToken: 'u9', echo: headers }],
        errors: [{ detail: `${JSON.stringify(headers)} ${path} ${text} u9` }],
        meta: { other: [headers] },
      }),
    });
    const answers: string[] = [];
    for (const status of [200, 401, 404, 422, 429, 500]) {
      for (const upstream of [app, inApp, pipelines]) upstream.respond((request) => echo(request, status));
      const asked = [...ALL, [CATEGORIES, { topics: [{ id: '7', subscribed: true }] }] as const];
      for (const [path, body] of asked) {
        const response = await ask(path, body, 'person-in-question');
        answers.push(JSON.stringify([[...response.headers], await response.text()]));
      }
    }
    for (const upstream of [app, inApp, pipelines]) upstream.respond('hang-up');
    for (const [path, body] of ALL) answers.push(await (await ask(path, body, 'person-in-question')).text());
    const told = answers.join() + JSON.stringify(log);
    const secrets = [APP_KEY, SITE_ID, WRITE_KEY, btoa(`${WRITE_KEY}:`), CLIENT_KEY, SECRET, 'eyJ', 'u9'];
    for (const secret of [...secrets, 'person-in-question', btoa('person-in-question')])
      expect(told).not.toContain(secret);
    expect(log).toHaveLength(41);
  });
});

describe('from a page of another origin', () => {
  const SHOP = 'https://shop.example.com';

  test.each(ALL)('a preflight of %s allows the token and the key header', async (path) => {
    const { proxy } = await start({ origins: [SHOP], basePath: '/e' });
    const headers = {
      Origin: SHOP,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,x-cio-client-key',
    };
    const request = new Request(`https://events.example.com/e${path}`, { method: 'OPTIONS', headers });
    const response = await proxy.fetch(request);
    expect(response.status).toBe(204);
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
    expect(response.headers.get('Access-Control-Allow-Methods')).toBe('POST, OPTIONS');
    expect(response.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
    expect(response.headers.get('Access-Control-Allow-Headers')).toContain('X-CIO-Client-Key');
  });

  test('responses and errors can be read by allowed pages only', async () => {
    const { ask, app } = await start({ origins: [SHOP] });
    const statuses: number[] = [];
    for (const status of [200, 500]) {
      if (status === 500) app.respond({ status });
      const response = await ask(ATTRIBUTES, {}, 'u1', { Origin: SHOP });
      statuses.push(response.status);
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe(SHOP);
      expect(response.headers.get('Access-Control-Allow-Credentials')).toBe('true');
    }
    expect(statuses).toEqual([200, 503]);
    expect(await fullVerdict(await ask(ATTRIBUTES, {}, 'u1', { Origin: 'https://evil.example' }))).toBe(
      '403 origin_not_allowed',
    );
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s is refused for these paths', async (method) => {
    const { proxy } = await start();
    for (const [path] of ALL) {
      const response = await proxy.fetch(new Request(`https://events.example.com${path}`, { method }));
      expect(response.headers.get('Allow')).toBe('POST, OPTIONS');
      expect(await fullVerdict(response)).toBe('405 method_not_allowed');
    }
  });
});
