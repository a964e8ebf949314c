// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFaultSwitches } from '../../../demo/faults.ts';
import { close, listen } from '../../../demo/http.ts';
import { createDemo } from '../../../demo/server.ts';
import { startStandIn } from '../../../demo/upstream.ts';

const FINE = {
  proxy: 'up',
  upstream: 200,
  latencyMs: 0,
  login: 'fine',
  tokenSeconds: 60,
  clockHours: 0,
  renderer: 'fine',
};
const KEY = { Authorization: `Basic ${btoa('demo-shop-web:')}` };

let origin: string;
let stop: () => Promise<unknown>;

beforeEach(async () => {
  const switches = createFaultSwitches();
  const upstream = await startStandIn(switches, 0);
  const demo = createDemo({ upstream, switches });
  origin = await listen(demo.server, 0);
  stop = () => {
    demo.close();
    return Promise.all([close(demo.server), upstream.close()]);
  };
});
afterEach(() => stop());

function send(event: string): Promise<Response> {
  const timestamp = new Date().toISOString();
  const batch = [
    { type: 'track', event, messageId: `m-${event}`, anonymousId: 'a1', timestamp, context: {} },
  ];
  return fetch(`${origin}/e/v1/batch`, {
    method: 'POST',
    headers: { ...KEY, 'Content-Type': 'application/json' },
    body: JSON.stringify({ batch, sentAt: timestamp }),
  });
}

async function arrived(): Promise<string[]> {
  const { events } = (await (await fetch(`${origin}/console/events`)).json()) as {
    events: { event: string }[];
  };
  return events.map(({ event }) => event);
}

function setFaults(faults: unknown): Promise<Response> {
  const body = typeof faults === 'string' ? faults : JSON.stringify(faults);
  return fetch(`${origin}/console/faults`, { method: 'POST', body });
}

describe('the console', () => {
  test('shows the events as Customer.io received them', async () => {
    expect(await arrived()).toEqual([]);
    expect((await send('one')).status).toBe(200);
    const { events } = (await (await fetch(`${origin}/console/events`)).json()) as { events: unknown[] };
    expect(events).toEqual([
      expect.objectContaining({
        type: 'track',
        event: 'one',
        messageId: 'm-one',
        receivedAt: expect.any(String),
      }),
    ]);
  });

  test('deletes the events on demand', async () => {
    await send('one');
    await fetch(`${origin}/console/events`, { method: 'DELETE' });
    expect(await arrived()).toEqual([]);
  });

  test('closes only connections to the proxy while that is down', async () => {
    const down = await setFaults({ proxy: 'down' });
    expect([down.status, await down.json()]).toEqual([200, { ...FINE, proxy: 'down' }]);
    await expect(send('lost')).rejects.toThrow();
    await expect(fetch(`${origin}/e/v1/health`)).rejects.toThrow();
    expect([(await fetch(`${origin}/`)).status, await arrived()]).toEqual([200, []]);
    await expect(fetch(`${origin}/e/cio.js`)).resolves.toBeInstanceOf(Response);
    await setFaults({ proxy: 'up' });
    await send('back');
    expect(await arrived()).toEqual(['back']);
  });

  test.each([429, 500])('makes Customer.io respond with %i', async (upstream) => {
    await setFaults({ upstream });
    expect((await send('one')).ok).toBe(false);
    expect(await arrived()).toEqual([]);
    await setFaults({ upstream: 200 });
    expect((await send('two')).ok).toBe(true);
    expect(await arrived()).toEqual(['two']);
  });

  test('makes Customer.io slow', async () => {
    await setFaults({ latencyMs: 60 });
    const before = performance.now();
    await send('one');
    expect(performance.now() - before).toBeGreaterThan(55);
  });

  test('changes only the named settings', async () => {
    await setFaults({ upstream: 429 });
    await setFaults({ latencyMs: 5 });
    expect(await (await fetch(`${origin}/console/faults`)).json()).toEqual({
      ...FINE,
      upstream: 429,
      latencyMs: 5,
    });
  });

  test.each([
    [{ proxy: 'sideways' }, '"proxy" must be one of "up", "down", got "sideways"'],
    [{ upstream: '429' }, '"upstream" must be one of 200, 429, 500, got "429"'],
    [{ upstream: 404 }, '"upstream" must be one of 200, 429, 500, got 404'],
    [{ latencyMs: -1 }, '"latencyMs" must be an integer from 0 to 60000, got -1'],
    [
      { login: 'sleepy' },
      '"login" must be one of "fine", "slow", "failing", "null", "expired", "wrong-subject", "wrong-key", got "sleepy"',
    ],
    [{ tokenSeconds: 0 }, '"tokenSeconds" must be an integer from 5 to 3600, got 0'],
    [{ renderer: 'gone' }, '"renderer" must be one of "fine", "slow", "silent", "broken", got "gone"'],
    [{ clockHours: 25 }, '"clockHours" must be an integer from -24 to 24, got 25'],
    [
      { proxy: 'down', speed: 1 },
      'Unknown field "speed"; known are proxy, upstream, latencyMs, login, tokenSeconds, clockHours, renderer',
    ],
    [[], 'Expected a JSON object, got []'],
    ['down', 'Expected a JSON object, got something that is not JSON'],
  ])('refuses the faults %j, names the error and changes nothing', async (faults, message) => {
    const response = await setFaults(faults);
    expect([response.status, await response.json()]).toEqual([400, { error: 'invalid_faults', message }]);
    expect(await (await fetch(`${origin}/console/faults`)).json()).toEqual(FINE);
  });

  test('streams new events', async () => {
    const response = await fetch(`${origin}/console/stream`);
    expect(response.headers.get('Content-Type')).toBe('text/event-stream');
    let text = '';
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const readUntil = async (words: string): Promise<void> => {
      while (!text.includes(words)) text += (await reader?.read())?.value ?? '';
    };
    await readUntil('event: snapshot');
    await send('seen');
    await readUntil('"event":"seen"');
    await setFaults({ proxy: 'down' });
    await readUntil('"proxy":"down"');
    await send('cut').catch(() => {});
    await readUntil('"failed":1,"latest":0');
    await reader?.cancel();
    expect(text).toContain('event: events');
  });
});

describe('the shop', () => {
  test.each([
    '/',
    '/products',
    '/products?category=kitchen',
    '/products/lee',
    '/cart',
    '/checkout',
    '/thanks',
    '/account',
    '/planner',
    '/planner/list',
    '/console',
  ])('has %s, with a policy that allows only this origin', async (path) => {
    const response = await fetch(origin + path);
    const page = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Security-Policy')).toMatch(/^default-src 'self'; script-src 'self'/);
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  test('permits its one inline script by a nonce that is new each time', async () => {
    const nonces = [];
    for (let load = 0; load < 2; load += 1) {
      const response = await fetch(`${origin}/`);
      const nonce = /'nonce-([^']+)'/.exec(response.headers.get('Content-Security-Policy') ?? '')?.[1] ?? '';
      expect(await response.text()).toContain(`nonce="${nonce}"`);
      nonces.push(nonce);
    }
    expect(nonces[0]).not.toBe(nonces[1]);
  });

  test('responds to HEAD without a body', async () => {
    const response = await fetch(`${origin}/`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test.each(['/nowhere', '/products/nothing', '/products/__proto__', '/constructor', '/assets/../server.ts'])(
    'shows an error page for %s, which does not exist',
    async (path) => {
      const response = await fetch(origin + path);
      expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('Off the map')]);
    },
  );

  test('refuses POST on other paths', async () => {
    const response = await fetch(`${origin}/cart`, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD']);
  });
});
