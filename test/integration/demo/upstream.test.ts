// @vitest-environment node
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFaultSwitches, type FaultSwitches } from '../../../demo/faults.ts';
import { close, listen } from '../../../demo/http.ts';
import { createPipelines, type Pipelines } from '../../../demo/pipelines/pipelines.ts';
import { connectCustomerIo, type Upstream } from '../../../demo/upstream.ts';

const EVENT = {
  type: 'track',
  event: 'x',
  messageId: 'm1',
  userId: 'u1',
  timestamp: '2026-01-01T00:00:00.000Z',
};

let far: Pipelines;
let switches: FaultSwitches;
let upstream: Upstream;
let stop: () => Promise<void>;

beforeEach(async () => {
  far = createPipelines({ writeKey: 'real-key' });
  const server = createServer(far.listener);
  switches = createFaultSwitches();
  upstream = connectCustomerIo(switches, 'real-key', await listen(server, 0));
  stop = () => close(server);
});
afterEach(() => stop());

function deliver(key = upstream.writeKey): Promise<Response> {
  return upstream.fetch(`${upstream.url}/v1/batch`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa(`${key}:`)}`, 'X-Strict-Mode': '1' },
    body: JSON.stringify({ batch: [EVENT] }),
  });
}

describe('the real Customer.io', () => {
  test('receives what is sent, and accepted events are recorded on the way', async () => {
    expect((await deliver()).status).toBe(200);
    expect(far.ledger.events()).toEqual([expect.objectContaining(EVENT)]);
    expect(upstream.ledger.events()).toEqual([{ ...EVENT, receivedAt: expect.any(String) }]);
    expect(upstream.ledger.requests()).toEqual([
      expect.objectContaining({ path: '/v1/batch', status: 200, strict: true, authorization: true }),
    ]);
    expect(JSON.stringify(upstream.ledger.requests())).not.toContain(btoa('real-key:'));
  });

  test('is recorded with no event when it refuses', async () => {
    expect((await deliver('guess')).status).toBe(401);
    expect(upstream.ledger.events()).toEqual([]);
    expect(upstream.ledger.requests()).toMatchObject([{ status: 401 }]);
  });

  test.each([429, 500])('is not called while the switch is set to %i', async (status) => {
    switches.change({ upstream: status });
    expect((await deliver()).status).toBe(status);
    expect([far.ledger.requests(), upstream.ledger.events()]).toEqual([[], []]);
    switches.change({ upstream: 200 });
    expect((await deliver()).status).toBe(200);
  });

  test('is awaited no longer than the proxy waits', async () => {
    switches.change({ latencyMs: 60_000 });
    const sent = upstream.fetch(`${upstream.url}/v1/batch`, {
      method: 'POST',
      signal: AbortSignal.timeout(20),
    });
    await expect(sent).rejects.toThrow();
  });
});
