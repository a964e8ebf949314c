// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { FetchLike, ProxyLogEntry } from '../../../../src/proxy.ts';
import { claims, keyPair, part, SECRET, signed, startKeyServer } from '../key-server.ts';
import { listen } from '../listen.ts';
import { bearer, CLIENT_KEY, event, post, startProxy, verdict, WRITE_KEY } from '../setup.ts';
import { startUpstream } from '../upstream.ts';
import { BATCH, exchange, HEAD, LAST, requestText, statusesIn } from './raw.ts';

const LENGTH = `Content-Length: ${Buffer.byteLength(BATCH)}`;

describe('no input determines the server that the proxy calls', () => {
  test.each([
    ['Host', 'Host: TARGET'],
    ['X-Forwarded-Host', 'X-Forwarded-Host: TARGET'],
    ['Forwarded', 'Forwarded: host=TARGET;proto=http'],
    ['X-Forwarded-Server', 'X-Forwarded-Server: TARGET'],
    ['X-Original-Host', 'X-Original-Host: TARGET'],
    ['Referer', 'Referer: http://TARGET/'],
    ['X-Callback-URL', 'X-Callback-URL: http://TARGET/'],
  ])('%s', async (_, line) => {
    const elsewhere = await startUpstream();
    const { proxy, upstream } = await startProxy();
    const header = line.replace('TARGET', new URL(elsewhere.url).host);
    const others = header.startsWith('Host') ? HEAD.filter((each) => !each.startsWith('Host')) : HEAD;
    const headers = [...others, header];
    const answer = await exchange(await listen(proxy.node), requestText([...headers, LENGTH]));
    expect(statusesIn(answer)).toEqual([200]);
    expect([upstream.received.length, elsewhere.received.length]).toEqual([1, 0]);
  });

  test('an IP address in an event, or next to the events', async () => {
    const elsewhere = await startUpstream();
    const { proxy, upstream } = await startProxy();
    const url = `${elsewhere.url}/`;
    const passing = event({
      context: { page: { url, referrer: url }, upstreamUrl: url },
      integrations: { 'Customer.io Data Pipelines': { url, apiHost: url } },
      properties: { url, $ref: url, __proto__: { upstreamUrl: url } },
    });
    const body = JSON.stringify({ batch: [passing], url, upstreamUrl: url, apiHost: url });
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe('200');
    expect([upstream.received.length, elsewhere.received.length]).toEqual([1, 0]);
  });

  test.each(['jku', 'x5u', 'kid', 'iss'])('"%s" of a token', async (field) => {
    const key = await keyPair('k');
    const own = await startKeyServer(key);
    const elsewhere = await startKeyServer(key);
    const { proxy } = await startProxy({
      customerToken: { jwksUrl: own.url, mode: 'required' },
    });
    const header = field === 'iss' ? {} : { [field]: elsewhere.url, jwk: key.jwk };
    const token = await signed(claims(field === 'iss' ? { iss: elsewhere.url } : {}), key, header);
    await proxy.fetch(post([event({ userId: 'u1' })], { headers: bearer(token) }));
    expect(elsewhere.asked()).toBe(0);
  });

  test('a user id or a message id, which become parts of a path', async () => {
    const asked: string[] = [];
    const fetch: FetchLike = async (url) => {
      asked.push(url);
      return new Response('{}', { status: 404 });
    };
    const { proxy } = await startProxy({
      customerToken: { secret: SECRET },
      appApi: { key: 'app-key', url: 'https://api.example' },
      inApp: { siteId: 'site', url: 'https://inbox.example' },
      fetch,
    });
    for (const bad of ['../../v1/customers', '@evil.example/', '//evil.example', 'x?y#z', 'a\\..\\b']) {
      const headers = bearer(await signed(claims({ sub: bad })));
      const id = JSON.stringify({ id: bad });
      await proxy.fetch(post([], { path: '/v1/customers/attributes', headers, body: '{}' }));
      await proxy.fetch(post([], { path: '/v1/inbox/mark-as-read', headers, body: id }));
    }
    expect(asked.length).toBeGreaterThanOrEqual(5);
    for (const url of asked) {
      const { origin, pathname } = new URL(url);
      expect(['https://api.example', 'https://inbox.example']).toContain(origin);
      expect(pathname).toMatch(/^\/(v1\/customers\/[^/]+\/attributes|api\/v\d+\/messages\/[^/]+)$/);
    }
  });
});

describe('the write key', () => {
  const answers = (authorization: string | undefined): readonly string[] => [
    `the key ${WRITE_KEY} may not`,
    `you sent ${authorization}`,
    `${'x'.repeat(295)}${WRITE_KEY}`,
  ];

  test.each([0, 1, 2])(
    'appears in no response and no log line when Customer.io repeats it (%i)',
    async (which) => {
      const log: ProxyLogEntry[] = [];
      const { proxy, upstream } = await startProxy({ onLog: (entry) => log.push(entry) });
      upstream.respond(({ headers }) => ({
        status: 400,
        headers: { 'X-Key': WRITE_KEY },
        body: JSON.stringify({ meta: { errors: [answers(headers.authorization)[which]] } }),
      }));
      const one = await proxy.fetch(post());
      expect(one.status).toBe(400);
      // Customer.io refuses a part of the batch, so the proxy halves it and reports the reason for single
      // events.
      upstream.respond(({ headers, body }) => ({
        status: body.batch.some(({ event }) => event === 'bad') ? 400 : 200,
        body: JSON.stringify({ meta: { errors: [answers(headers.authorization)[which]] } }),
      }));
      const many = await proxy.fetch(post([event(), event({ event: 'bad' }), event()]));
      expect(many.status).toBe(200);
      const told = [
        ...(await Promise.all([one.text(), many.text()])),
        JSON.stringify([...one.headers, ...many.headers, log]),
      ].join('\n');
      expect(told).toContain('rejected');
      for (const secret of [WRITE_KEY, WRITE_KEY.slice(0, 5), btoa(`${WRITE_KEY}:`)])
        expect(told).not.toContain(secret);
    },
  );
});

test('no cookie, credential or header of the visitor is forwarded, through fetch or node', async () => {
  const { proxy, upstream } = await startProxy({ customerToken: { secret: SECRET, mode: 'required' } });
  const token = await signed(claims());
  const type = 'Content-Type: application/json';
  const visitor = [`Authorization: Bearer ${token}`, `X-CIO-Client-Key: ${CLIENT_KEY}`, 'Cookie: a=secret'];
  const more = ['Proxy-Authorization: Basic secret', 'X-Secret: secret', 'X-Strict-Mode: 0'];
  const answer = await exchange(
    await listen(proxy.node),
    requestText([...LAST, type, ...visitor, ...more, LENGTH]),
  );
  expect(statusesIn(answer)).toEqual([200]);
  const { headers } = upstream.received[0] ?? {};
  expect(headers).toMatchObject({ authorization: `Basic ${btoa(`${WRITE_KEY}:`)}`, 'x-strict-mode': '1' });
  const sent = JSON.stringify(upstream.received);
  for (const secret of ['secret', token, CLIENT_KEY, part({ alg: 'HS256' }), btoa(`${CLIENT_KEY}:`)])
    expect(sent).not.toContain(secret);
});
