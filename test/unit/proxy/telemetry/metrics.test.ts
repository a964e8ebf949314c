// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ProxyLogEntry } from '../../../../src/proxy.ts';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { listen, send } from '../../../integration/proxy/listen.ts';
import { event, post, startProxy } from '../../../integration/proxy/setup.ts';

/** Samples by name and labels, as Prometheus reads them: https://prometheus.io/docs/instrumenting/exposition_formats/ */
function read(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const types = new Set<string>();
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.trimEnd().split('\n')) {
    const [, type] = /^# TYPE (\w+) (?:counter|gauge|histogram)$/.exec(line) ?? [];
    if (type !== undefined) types.add(type);
    if (line.startsWith('#')) {
      expect(line).toMatch(/^# (TYPE|HELP) cio_proxy_/);
      continue;
    }
    const [, name = '', value = ''] = /^(\w+(?:\{(?:\w+="[^"\\\n]*",?)+\})?) ([\d.e+-]+)$/.exec(line) ?? [];
    expect(name, line).not.toBe('');
    expect(samples.has(name), name).toBe(false);
    expect([...types].some((each) => name.startsWith(each))).toBe(true);
    samples.set(name, Number(value));
  }
  return samples;
}

const scrape = async (url: string): Promise<ReadonlyMap<string, number>> =>
  read(await (await fetch(url)).text());

describe('metrics', () => {
  test('are nowhere by default', async () => {
    const { proxy } = await startProxy();
    expect((await proxy.fetch(new Request('https://events.example.com/metrics'))).status).toBe(404);
  });

  test('count what happened, at the path that was asked for', async () => {
    const { proxy, upstream } = await startProxy({
      metrics: '/metrics',
      basePath: '/e',
      deduplicate: true,
      filter: ({ event }) => event !== 'Noise',
    });
    upstream.respond(({ body }) =>
      body.batch.some((each) => each['event'] === 'Bad') ? { status: 400 } : {},
    );
    const url = await listen(proxy.node);
    const named = (...names: readonly string[]): readonly unknown[] =>
      names.map((name) => event({ event: name }));
    const twice = event({ messageId: 'twice' });
    await send(`${url}/e`, [twice, ...named('Noise', 'Bad', 'Good', 'Good')]);
    await send(`${url}/e`, [twice]);
    await send(`${url}/e`, [], { Authorization: basicAuthorization('wrong') });
    await fetch(`${url}/e/nothing/${'x'.repeat(50)}`);

    const response = await fetch(`${url}/e/metrics`);
    expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    await expect
      .poll(async () =>
        (await scrape(`${url}/e/metrics`)).get('cio_proxy_requests_total{route="other",status="404"}'),
      )
      .toBe(1);
    const samples = await scrape(`${url}/e/metrics`);
    expect(Object.fromEntries(samples)).toMatchObject({
      'cio_proxy_requests_total{route="batch",status="200"}': 2,
      'cio_proxy_requests_total{route="batch",status="401"}': 1,
      'cio_proxy_errors_total{error="invalid_client_key"}': 1,
      'cio_proxy_events_total{outcome="accepted"}': 3,
      'cio_proxy_events_total{outcome="rejected"}': 1,
      'cio_proxy_events_total{outcome="filtered"}': 1,
      'cio_proxy_events_total{outcome="duplicate"}': 1,
      cio_proxy_upstream_requests_total: upstream.received.length,
      'cio_proxy_batch_duration_seconds_bucket{le="+Inf"}': 3,
      cio_proxy_batch_duration_seconds_count: 3,
      cio_proxy_upstream_in_flight: 0,
      cio_proxy_upstream_queued: 0,
      cio_proxy_upstream_down: 0,
    });
    expect(samples.get('cio_proxy_body_bytes_total')).toBeGreaterThan(0);
    const buckets = [...samples].filter(([name]) => name.includes('_bucket')).map(([, value]) => value);
    expect(buckets).toEqual([...buckets].sort((one, other) => one - other));
  });

  test('say that Customer.io is down', async () => {
    const { proxy, upstream } = await startProxy({
      metrics: '/metrics',
      upstream: { retries: 0, breakAfter: 1 },
    });
    upstream.respond('hang-up');
    await proxy.fetch(post());
    const text = await (await proxy.fetch(new Request('https://events.example.com/metrics'))).text();
    expect(read(text).get('cio_proxy_upstream_down')).toBe(1);
  });

  test('have the name of the client key, never the key', async () => {
    const log: ProxyLogEntry[] = [];
    const { proxy } = await startProxy({
      onLog: (entry) => log.push(entry),
      metrics: '/metrics',
      clientKeys: [{ key: 'key-of-web', name: 'web' }, { key: 'key-of-app', name: 'app' }, 'nameless-key'],
      customerToken: { secret: 'a secret of 32 bytes or more, in UTF-8', mode: 'required' },
    });
    const url = await listen(proxy.node);
    const as = (key: string): Record<string, string> => ({ Authorization: basicAuthorization(key) });
    await send(url, [event(), event()], as('key-of-web'));
    await send(url, [event({ userId: 'u1' })], as('key-of-app'));
    await send(url, [event()], as('nameless-key'));
    await send(url, [event()], as('unknown-key'));
    await expect
      .poll(async () => Object.fromEntries(await scrape(`${url}/metrics`)))
      .toMatchObject({
        'cio_proxy_events_total{outcome="accepted",key="web"}': 2,
        'cio_proxy_events_total{outcome="token_required",key="app"}': 1,
        'cio_proxy_events_total{outcome="accepted"}': 1,
        'cio_proxy_requests_total{route="batch",status="200",key="web"}': 1,
        'cio_proxy_requests_total{route="batch",status="401"}': 1,
      });
    expect(await (await fetch(`${url}/metrics`)).text()).not.toMatch(/[\w]+-key|key-of/);
    expect(log.map(({ clientKeyName }) => clientKeyName).slice(0, 4)).toEqual([
      'web',
      'app',
      undefined,
      undefined,
    ]);
  });

  test('have no more series, whatever visitors and upstream send', async () => {
    const { proxy, upstream } = await startProxy({
      metrics: '/metrics',
      upstream: { retries: 0, breakAfter: 1_000 },
    });
    const size = async (): Promise<number> =>
      read(await (await proxy.fetch(new Request('https://events.example.com/metrics'))).text()).size;
    for (let i = 0; i < 300; i += 1) {
      upstream.respond({ status: 200 + i });
      await proxy.fetch(post([event({ event: `Event ${i}` })], { headers: { 'X-Custom': `${i}` } }));
      await proxy.fetch(new Request(`https://events.example.com/path/${i}`, { method: 'PUT' }));
    }
    // `fetch` itself repeats a request after a 421.
    expect(upstream.received.length).toBeGreaterThanOrEqual(300);
    expect(await size()).toBeLessThan(260);
  });
});
