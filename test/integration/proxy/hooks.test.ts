// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { AcceptedBatch, ProxyLogEntry, ProxyOptions, WireEvent } from '../../../src/proxy.ts';
import { fromRequest } from '../../../src/proxy/http/fetch-adapter.ts';
import { createBodyBudget } from '../../../src/proxy/http/body-budget.ts';
import { createIngest } from '../../../src/proxy/ingest/ingest.ts';
import { event, post, startProxy, verdict, WRITE_KEY } from './setup.ts';

const named = (name: string): Record<string, unknown> => event({ event: name });

describe('filter', () => {
  test.each<[string, ProxyOptions['filter']]>([
    ['a function', (passing) => passing.event !== 'Noise'],
    ['an async function', async (passing) => passing.event !== 'Noise'],
  ])('may be %s, and drops events that count as delivered', async (_, filter) => {
    const { proxy, upstream } = await startProxy({ filter });
    expect(await verdict(await proxy.fetch(post([named('A'), named('Noise'), named('B')])))).toBe('200');
    expect(upstream.received[0]?.body.batch.map((passing) => passing['event'])).toEqual(['A', 'B']);
  });

  test('receives the request, with its headers', async () => {
    const { proxy, upstream } = await startProxy({
      filter: ({ event: name }, { request }) => name !== request.headers.get('X-Unwanted'),
    });
    await proxy.fetch(post([named('A'), named('B')], { headers: { 'X-Unwanted': 'A' } }));
    expect(upstream.received[0]?.body.batch.map((passing) => passing['event'])).toEqual(['B']);
  });

  test('that drops all events causes no request to Customer.io', async () => {
    const { proxy, upstream } = await startProxy({ filter: () => false });
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
    expect(upstream.received).toHaveLength(0);
  });
});

describe('transform', () => {
  test('changes events in order, and receives the request', async () => {
    const transform: ProxyOptions['transform'] = async (passing, { request }) => ({
      ...passing,
      properties: { ...passing.properties, country: request.headers.get('CF-IPCountry') },
    });
    const { proxy, upstream } = await startProxy({ transform });
    await proxy.fetch(post([named('A'), named('B')], { headers: { 'CF-IPCountry': 'DE' } }));
    const { batch = [] } = upstream.received[0]?.body ?? {};
    expect(batch.map((passing) => passing['event'])).toEqual(['A', 'B']);
    expect(batch[0]?.['properties']).toEqual({ total: 12.5, country: 'DE' });
  });

  test('may change an event in place', async () => {
    const transform = (passing: WireEvent): WireEvent => Object.assign(passing, { userId: 'u1' });
    const { proxy, upstream } = await startProxy({ transform });
    await proxy.fetch(post());
    expect(upstream.received[0]?.body.batch[0]?.['userId']).toBe('u1');
  });

  test.each<[string, ProxyOptions]>([
    [
      'transform throws',
      { transform: () => Promise.reject(new Error('out of order')) } as unknown as ProxyOptions,
    ],
    ['transform forgets to return', { transform: () => undefined } as unknown as ProxyOptions],
    [
      'filter throws',
      {
        filter: () => {
          throw new Error('out of order');
        },
      } as unknown as ProxyOptions,
    ],
  ])('that fails loses no event: the browser keeps the batch when %s', async (_, options) => {
    const { proxy, upstream } = await startProxy(options);
    const response = await proxy.fetch(post());
    expect(response.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect(await verdict(response)).toBe('503 hook_failed');
    expect(upstream.received).toHaveLength(0);
  });
});

describe('a hook that fails for one event of a batch', () => {
  const failsForBad = (passing: WireEvent): void => {
    if (passing.event === 'Bad') throw new Error('cannot digest it');
  };
  const BATCH = [
    event({ event: 'A', messageId: 'a' }),
    event({ event: 'Bad', messageId: 'bad' }),
    event({ event: 'B', messageId: 'b' }),
  ];

  test.each<[string, ProxyOptions['transform'] | undefined, ProxyOptions['filter'] | undefined]>([
    ['transform throws', (passing) => (failsForBad(passing), passing), undefined],
    ['transform rejects', async (passing) => (failsForBad(passing), passing), undefined],
    ['filter throws', undefined, (passing) => (failsForBad(passing), true)],
    ['filter rejects', undefined, async (passing) => (failsForBad(passing), true)],
  ])('drops that event, and reports it to the browser: %s', async (_, transform, filter) => {
    const entries: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({
      transform,
      filter,
      onLog: (entry) => entries.push(entry),
    });
    const response = await proxy.fetch(post(BATCH));
    expect(await response.json()).toEqual({
      success: true,
      rejected: [{ messageId: 'bad', error: 'hook_failed' }],
    });
    expect(upstream.received.flatMap(({ body }) => body.batch.map((each) => each['event']))).toEqual([
      'A',
      'B',
    ]);
    expect(entries[0]).toMatchObject({ events: 2, rejected: { hook_failed: 1 } });
  });

  test('drops no event while all others are filtered out: the hook itself may be wrong', async () => {
    const { proxy, upstream } = await startProxy({
      filter: ({ event }) => event === 'Bad',
      transform: (passing) => (failsForBad(passing), passing),
    });
    expect(await verdict(await proxy.fetch(post(BATCH)))).toBe('503 hook_failed');
    expect(upstream.received).toHaveLength(0);
  });

  test('drops no event when the hook fails for all', async () => {
    const { proxy, upstream } = await startProxy({
      transform: () => Promise.reject(new Error('the database is away')),
    });
    expect(await verdict(await proxy.fetch(post(BATCH)))).toBe('503 hook_failed');
    expect(upstream.received).toHaveLength(0);
  });

  test('drops no event when the hook never ends, and ends with the request timeout', async () => {
    const { proxy, upstream } = await startProxy({ transform: () => new Promise(() => {}), timeoutMs: 50 });
    expect(await verdict(await proxy.fetch(post(BATCH)))).toBe('503 hook_failed');
    expect(upstream.received).toHaveLength(0);
  });

  test('leaves the remaining time to the delivery', async () => {
    let leftMs = 0;
    const ingest = createIngest({
      maxBodyBytes: 500_000,
      bodyTimeoutMs: 15_000,
      maxEvents: 500,
      maxEventBytes: 32_000,
      timeoutMs: 60_000,
      checkCredentials: async () => ({ kind: 'known', key: 'web', token: null }),
      findAuthorizer: async () => (passed) => ({ passed, rejected: [] }),
      replaceMetrics: async (authorized) => authorized,
      filter: () => new Promise((resolve) => setTimeout(resolve, 30, true)),
      dispatch: async (shipment) => {
        leftMs = shipment.endsAt - performance.now();
        return { kind: 'delivered' };
      },
    });
    const request = post();
    await ingest(fromRequest(request), { request }, {}, createBodyBudget(1e6).open(undefined));
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThan(59_980);
  });
});

describe('enrich', () => {
  test('is called once for a batch, before filter, and its fields are added to every context', async () => {
    let asked = 0;
    const filtered: unknown[] = [];
    const { proxy, upstream } = await startProxy({
      clientIp: 'x-real-ip',
      enrich: async ({ request, address }) => {
        asked += 1;
        return { location: { country: request.headers.get('CF-IPCountry') }, seenAt: address };
      },
      filter: ({ context }) => filtered.push(context['location']) > 0,
    });
    const claimed = event({ context: { location: { country: 'FR' }, page: { path: '/' } } });
    const headers = { 'CF-IPCountry': 'DE', 'X-Real-IP': '203.0.113.7' };
    expect(await verdict(await proxy.fetch(post([claimed, event({ context: null })], { headers })))).toBe(
      '200',
    );
    expect(asked).toBe(1);
    const known = { location: { country: 'DE' }, seenAt: '203.0.113.7', ip: '203.0.113.7' };
    expect(upstream.received[0]?.body.batch.map((each) => each['context'])).toEqual([
      { page: { path: '/' }, ...known },
      known,
    ]);
    expect(filtered).toEqual([{ country: 'DE' }, { country: 'DE' }]);
  });

  test('may return nothing', async () => {
    const { proxy, upstream } = await startProxy({ enrich: () => ({}) });
    await proxy.fetch(post([named('A')]));
    expect(upstream.received[0]?.body.batch[0]?.['context']).toEqual({ page: { path: '/' } });
  });

  test.each<[string, unknown]>([
    [
      'throws',
      () => {
        throw new Error('no answer');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no answer'))],
    ['forgets to return', () => undefined],
    ['never ends', () => new Promise(() => {})],
  ])('that %s loses no event', async (_, enrich) => {
    const { proxy, upstream } = await startProxy({ enrich, timeoutMs: 50 } as Partial<ProxyOptions>);
    expect(await verdict(await proxy.fetch(post()))).toBe('503 hook_failed');
    expect(upstream.received).toHaveLength(0);
  });
});

describe('deliver', () => {
  test('receives the batch, unchanged, instead of Customer.io', async () => {
    const taken: AcceptedBatch[] = [];
    const { proxy, upstream } = await startProxy({ deliver: async (batch) => taken.push(batch) });
    const batch = [event(), event()];
    expect(await verdict(await proxy.fetch(post(batch)))).toBe('200');
    expect(taken).toEqual([{ batch, sentAt: '2026-01-02T03:04:06.000Z' }]);
    expect(upstream.received).toHaveLength(0);
  });

  test('gets a 2xx for the browser only after it has resolved', async () => {
    let resolve = (): void => {};
    const safe = new Promise<void>((done) => (resolve = done));
    const begun = new Promise<void>((begin) => {
      void startProxy({ deliver: () => (begin(), safe) }).then(({ proxy }) => (answer = proxy.fetch(post())));
    });
    let answer: Promise<Response> | undefined;
    await begun;
    const first = await Promise.race([
      answer?.then(() => 'answered'),
      new Promise((run) => setImmediate(run, 'waiting')),
    ]);
    expect(first).toBe('waiting');
    resolve();
    expect((await answer)?.status).toBe(200);
  });

  test.each<[string, ProxyOptions['deliver']]>([
    [
      'throws',
      () => {
        throw new Error('the queue is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the queue is full'))],
    ['takes too long', () => new Promise(() => {})],
  ])('that %s causes a 503', async (_, deliver) => {
    const { proxy } = await startProxy({ deliver, timeoutMs: 50 });
    expect(await verdict(await proxy.fetch(post()))).toBe('503 upstream_unavailable');
  });

  test('gets an aborted signal when its time is over', async () => {
    let signal: AbortSignal | undefined;
    const deliver: ProxyOptions['deliver'] = (_, info) => {
      ({ signal } = info);
      return new Promise(() => {});
    };
    const { proxy } = await startProxy({ deliver, timeoutMs: 50 });
    await proxy.fetch(post());
    expect(signal?.aborted).toBe(true);
  });
});

describe('onLog', () => {
  test('is called once for every request, without payload and keys', async () => {
    const entries: ProxyLogEntry[] = [];
    const { proxy, upstream } = await startProxy({ onLog: (entry) => entries.push(entry) });
    const secret = (): object =>
      event({ userId: 'private-user', properties: { email: 'private@example.com' } });
    await proxy.fetch(post([secret(), secret()], { path: '/v1/batch?token=private-token' }));
    await proxy.fetch(post([secret()], { headers: { Authorization: `Basic ${btoa('private-key:')}` } }));
    upstream.respond({ status: 401 });
    await proxy.fetch(post([secret()]));
    await proxy.fetch(new Request('https://events.example.com/v1/health'));

    expect(entries).toEqual([
      {
        ...known('/v1/batch', 'POST', 200),
        events: 2,
        bytes: expect.any(Number),
        upstreamRequests: 1,
        upstreamStatus: 200,
      },
      { ...known('/v1/batch', 'POST', 401), error: 'invalid_client_key' },
      {
        ...known('/v1/batch', 'POST', 503),
        bytes: expect.any(Number),
        upstreamRequests: 1,
        upstreamStatus: 401,
        error: 'upstream_misconfigured',
        detail:
          'Customer.io refused the write key (401): correct the key (CIO_WRITE_KEY) or the region (CIO_REGION).',
      },
      known('/v1/health', 'GET', 200),
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/private|Order Placed|client-api-key/);
    expect(JSON.stringify(entries)).not.toContain(WRITE_KEY);
  });

  test('receives the reason why Customer.io was not reached', async () => {
    const entries: ProxyLogEntry[] = [];
    const { proxy } = await startProxy({
      onLog: (entry) => entries.push(entry),
      upstreamUrl: 'http://127.0.0.1:1',
    });
    await proxy.fetch(post());
    expect(entries[0]?.detail).toBeTruthy();
    expect(entries[0]?.upstreamStatus).toBeUndefined();
  });

  test.each<[string, ProxyOptions['onLog']]>([
    [
      'throws',
      () => {
        throw new Error('the disk is full');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the disk is full'))],
  ])('does no harm when it %s', async (_, onLog) => {
    const { proxy } = await startProxy({ onLog });
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
  });

  function known(path: string, method: string, status: number): ProxyLogEntry {
    return {
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      method,
      path,
      status,
      durationMs: expect.any(Number),
    };
  }
});
