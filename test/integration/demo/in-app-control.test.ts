// @vitest-environment node
/** What tests use of the in-app service of the stand-in: the record of requests, the control path, and made messages. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { broadcast, message, packHtml, unpackHtml } from '../../support/site/in-app-message.ts';
import type { StandIn } from '../../support/site/stand-in.ts';
import { fetchQueue, headersFor, idsIn, type Running, startStandIn, tokenOf } from './in-app-setup.ts';

let running: Running;
let origin: string;
let standIn: StandIn;

beforeEach(async () => {
  running = await startStandIn();
  ({ origin, standIn } = running);
  await standIn.setPeople({ ann: { messages: [{ queueId: 'i1', opened: false }] } });
  await standIn.setMessages('ann', [message({ queueId: 'q1' }), message({ queueId: 'q2' })]);
});
afterEach(() => running.stop());

describe('the record', () => {
  test('has every request with all headers, body, person and outcome', async () => {
    await fetch(`${origin}/api/v4/users?sessionId=abc`, {
      method: 'POST',
      headers: {
        ...headersFor('ann'),
        Cookie: 'site=1',
        Authorization: 'Bearer t',
        'Content-Language': 'de',
      },
      body: '{}',
    });
    const [request] = await standIn.messageRequests();
    expect(request).toMatchObject({
      route: 'queue',
      method: 'POST',
      path: '/api/v4/users',
      query: { sessionId: 'abc' },
      userId: 'ann',
      isGuest: false,
      body: '{}',
      outcome: 200,
      headers: {
        cookie: 'site=1',
        authorization: 'Bearer t',
        'content-language': 'de',
        'x-cio-client-platform': 'web',
        'x-gist-encoded-user-token': tokenOf('ann'),
      },
    });
    expect(Math.abs(Date.now() - Number(request?.atMs))).toBeLessThan(60_000);
    expect(await standIn.questions()).toEqual([
      { service: 'in-app', userId: 'ann', method: 'POST', path: '/api/v4/users', status: 200 },
    ]);
  });

  test('is empty, and everything is as at the start, after a reset', async () => {
    await standIn.setBroadcasts([broadcast()]);
    await standIn.inAppSettings({ queue: 'unchanged', pollingInterval: 5 });
    await standIn.inAppFaults({ route: 'queue', status: 500 });
    await fetchQueue(origin, 'ann');
    await standIn.forgetInApp();
    expect(await standIn.messageRequests()).toEqual([]);
    const response = await fetchQueue(origin, 'ann');
    expect(response.headers.get('x-gist-queue-polling-interval')).toBe('600');
    expect(await idsIn(response)).toEqual({ queue: ['q1', 'q2'], inbox: ['i1'] });
    await standIn.forget();
    expect((await fetchQueue(origin, 'ann')).status).toBe(204);
  });
});

describe('the control path', () => {
  test.each([
    ['PUT', 'messages', []],
    ['PUT', 'messages', { ann: [{}] }],
    ['PUT', 'broadcasts', {}],
    ['POST', 'settings', { variant: 'V9' }],
    ['POST', 'settings', { unknown: 1 }],
    ['PUT', 'faults', [{ status: 500 }]],
    ['PUT', 'faults', [{ route: 'queue', cut: 'never' }]],
    ['POST', 'streams', { userId: 'ann' }],
  ])('refuses %s %s of a wrong form', async (method, path, body) => {
    const init = { method, body: JSON.stringify(body) };
    const response = await fetch(`${origin}/_control/in-app/${path}`, init);
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'invalid_control', message: expect.any(String) },
    ]);
  });

  test('has no other endpoints', async () => {
    expect((await fetch(`${origin}/_control/in-app/other`)).status).toBe(404);
  });
});

describe('messages of the tests', () => {
  test('carry their HTML as base64 of gzip, as a whole document', () => {
    const { properties, ...rest } = message({
      queueId: 'q9',
      deliveryId: 'd9',
      html: '<p>Grüße</p>',
      priority: 1,
      gist: { position: 'top' },
      properties: { name: 'Ann' },
    });
    expect(rest).toEqual({ queueId: 'q9', messageId: 'gist-html-q9', priority: 1 });
    expect(properties).toMatchObject({ name: 'Ann', gist: { campaignId: 'd9', position: 'top' } });
    const { encodedMessageHtml } = (properties as { gist: { encodedMessageHtml: string } }).gist;
    expect(encodedMessageHtml).toMatch(/^H4sI/);
    expect(unpackHtml(encodedMessageHtml)).toMatch(/^<!DOCTYPE html>.*<p>Grüße<\/p>/);
    expect(unpackHtml(packHtml('<html>'))).toBe('<html>');
  });

  test('can miss priority and delivery id', () => {
    const plain = message({ priority: null, deliveryId: null });
    expect(plain).not.toHaveProperty('priority');
    expect(plain.properties['gist']).not.toHaveProperty('campaignId');
  });
});
