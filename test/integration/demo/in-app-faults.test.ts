// @vitest-environment node
/** Faults of single paths of the in-app service. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IN_APP_ROUTES, type InAppRoute } from '../../../demo/pipelines/in-app/routes.ts';
import { message } from '../../support/site/in-app-message.ts';
import type { StandIn } from '../../support/site/stand-in.ts';
import { askFor, fetchQueue, idsIn, type Running, startStandIn, tokenOf } from './in-app-setup.ts';

/** A busy machine may need more than the second that is the default. */
const PATIENT = { timeout: 10_000 };

let running: Running;
let origin: string;
let standIn: StandIn;

beforeEach(async () => {
  running = await startStandIn();
  ({ origin, standIn } = running);
  await standIn.setMessages('ann', [message({ queueId: 'q1' })]);
});
afterEach(() => running.stop());

const PATHS: Readonly<Record<InAppRoute, readonly [method: string, path: string]>> = {
  queue: ['POST', '/api/v4/users?sessionId=s1'],
  seen: ['POST', '/api/v1/logs/queue/q1'],
  shown: ['POST', '/api/v1/logs/message/m1'],
  opened: ['PATCH', '/api/v1/messages/q1'],
  branding: ['GET', '/api/v1/branding'],
  templates: ['GET', '/api/v1/templates'],
  stream: ['GET', `/api/v3/sse?userToken=${encodeURIComponent(tokenOf('ann'))}&siteId=site-id&sessionId=s1`],
  preview: ['POST', '/api/v1/preview/p1'],
  frame: ['GET', '/renderer-host/3.0/index.html'],
  code: ['GET', '/code-host/renderer/9.9.9/index.html'],
};
const ask = (route: InAppRoute): Promise<Response> => askFor(origin, 'ann', ...PATHS[route]);
const outcomes = async (): Promise<readonly unknown[]> =>
  (await standIn.messageRequests()).map(({ outcome }) => outcome);
const queueOfAnn = async (): Promise<readonly string[]> =>
  ((await standIn.messages())['ann'] ?? []).map(({ queueId }) => queueId);

test.each(IN_APP_ROUTES)('a fault of "%s" is of that path alone', async (route) => {
  await standIn.inAppFaults({ route, status: 503, retryAfter: '5' });
  const failed = await ask(route);
  expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '5']);
  const other = route === 'branding' ? 'templates' : 'branding';
  expect((await ask(other)).status).toBe(200);
});

describe('a fault', () => {
  test('with a status changes nothing', async () => {
    await standIn.inAppFaults({ route: 'seen', status: 500 });
    expect((await ask('seen')).status).toBe(500);
    expect(await queueOfAnn()).toEqual(['q1']);
  });

  test('ends after the given number of requests, and the next one of the list follows', async () => {
    await standIn.inAppFaults(
      { route: 'seen', status: 500, times: 2 },
      { route: 'seen', status: 429, times: 1 },
    );
    const statuses = [await ask('seen'), await ask('seen'), await ask('seen'), await ask('seen')];
    expect(statuses.map(({ status }) => status)).toEqual([500, 500, 429, 200]);
  });

  test('can be of one person', async () => {
    await standIn.setMessages('bob', []);
    await standIn.inAppFaults({ route: 'queue', userId: 'ann', status: 500 });
    expect((await fetchQueue(origin, 'ann')).status).toBe(500);
    expect((await fetchQueue(origin, 'bob')).status).toBe(200);
  });

  test('can be of one file of the frame', async () => {
    await standIn.inAppFaults({ route: 'frame', file: 'main.min.js', status: 500 });
    expect((await fetch(`${origin}/3.0/main.min.js`)).status).toBe(500);
    expect((await fetch(`${origin}/3.0/index.html`)).status).toBe(200);
  });

  test('can be a web page with status 200, JSON of another form, or a redirect', async () => {
    await standIn.inAppFaults({ route: 'queue', html: true });
    const page = await fetchQueue(origin, 'ann');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toMatch(/^<!doctype html>/);
    await standIn.inAppFaults({ route: 'queue', text: 'null' });
    const nothing = await fetchQueue(origin, 'ann');
    expect([nothing.status, await nothing.json()]).toEqual([200, null]);
    await standIn.inAppFaults({
      route: 'frame',
      status: 302,
      headers: { Location: 'https://evil.example/' },
    });
    const redirect = await fetch(`${origin}/3.0/index.html`, { redirect: 'manual' });
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'https://evil.example/']);
  });

  test('can carry the interval header on an error', async () => {
    const headers = { 'x-gist-queue-polling-interval': '20' };
    await standIn.inAppFaults({ route: 'queue', status: 500, headers });
    expect((await fetchQueue(origin, 'ann')).headers.get('x-gist-queue-polling-interval')).toBe('20');
  });

  test('can delay a response, which then tells what was true at the request', async () => {
    await standIn.inAppFaults({ route: 'queue', delayMs: 1_000 });
    const startMs = performance.now();
    const held = fetchQueue(origin, 'ann');
    await expect.poll(() => outcomes(), PATIENT).toEqual(['pending']);
    await standIn.setMessages('ann', []);
    expect(await idsIn(await held)).toMatchObject({ queue: ['q1'] });
    expect(performance.now() - startMs).toBeGreaterThan(950);
    expect(await outcomes()).toEqual([200]);
  });

  test.each<InAppRoute>(['queue', 'stream', 'frame'])('can leave "%s" without a response', async (route) => {
    await standIn.inAppFaults({ route, hang: true });
    const signal = AbortSignal.timeout(500);
    const [method, path] = PATHS[route];
    await expect(fetch(origin + path, { method, signal })).rejects.toThrow(/timeout/);
    await expect.poll(() => outcomes(), PATIENT).toEqual(['hang']);
  });

  test.each<InAppRoute>(['seen', 'stream', 'code'])('can cut "%s" before the response', async (route) => {
    await standIn.inAppFaults({ route, cut: 'before' });
    await expect(ask(route)).rejects.toThrow('fetch failed');
    expect(await outcomes()).toEqual(['cut']);
    expect(await queueOfAnn()).toEqual(['q1']);
  });

  test.each<InAppRoute>(['queue', 'stream', 'frame'])('can cut "%s" within the response', async (route) => {
    await standIn.inAppFaults({ route, cut: 'within' });
    const response = await ask(route);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow('terminated');
    expect(await outcomes()).toEqual(['cut']);
  });

  test('that cuts within the response lets the request take effect', async () => {
    await standIn.inAppFaults({ route: 'seen', cut: 'within' });
    await (await ask('seen')).text().catch(() => '');
    expect(await queueOfAnn()).toEqual([]);
  });
});

test('faults of all personal services apply to the API, and not to the frame', async () => {
  await standIn.serviceFaults({ status: 503 });
  expect([(await ask('queue')).status, (await ask('stream')).status, (await ask('seen')).status]).toEqual([
    503, 503, 503,
  ]);
  expect(await queueOfAnn()).toEqual(['q1']);
  expect([(await ask('frame')).status, (await ask('code')).status]).toEqual([200, 200]);
});
