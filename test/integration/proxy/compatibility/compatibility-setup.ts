import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type CioProxy, createProxy, type ProxyLogEntry, type ProxyOptions } from '../../../../src/proxy.ts';
import type { BatchAnswer } from '../../../../src/protocol/wire.ts';
import { createStandIn, type StandIn } from '../../../support/site/stand-in.ts';
import { type ServerProcess, startServer } from '../../../support/server/process.ts';
import { listen } from '../listen.ts';
import { CLIENT_KEY, WRITE_KEY } from '../setup.ts';
import type { SdkRequest } from './sdk-requests.ts';

export interface CompatibleProxy {
  readonly proxy: CioProxy;
  readonly url: string;
  readonly standIn: StandIn;
  readonly log: readonly ProxyLogEntry[];
  /** Sends a request of an SDK whose hosts are this proxy. */
  send(request: SdkRequest): Promise<Response>;
}

/** Starts the stand-in for Customer.io for the tests of a file. Returns the function that starts a proxy in front of it, for one test. */
export function withStandIn(): (options?: Partial<ProxyOptions>) => Promise<CompatibleProxy> {
  let upstream: ServerProcess;
  let standIn: StandIn;
  beforeAll(async () => {
    upstream = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
    standIn = createStandIn(upstream.origin);
  });
  beforeEach(() => standIn.forget());
  afterAll(() => upstream.stop());

  return async (options = {}) => {
    const log: ProxyLogEntry[] = [];
    const proxy = createProxy({
      writeKey: WRITE_KEY,
      clientKeys: [CLIENT_KEY],
      upstreamUrl: upstream.origin,
      basePath: '/e',
      compatibility: true,
      onLog: (entry) => log.push(entry),
      ...options,
    });
    const url = `${await listen(proxy.node)}/e`;
    const send = ({ method, path, headers, body }: SdkRequest): Promise<Response> =>
      fetch(`${url}/v1${path}`, { method, headers, ...(body !== undefined && { body }) });
    return { proxy, url, log, send, standIn };
  };
}

/** Sends JSON as the web SDK does: as a text, with the client key in the body. */
export const text = (path: string, body: object, headers: Record<string, string> = {}): SdkRequest => ({
  method: 'POST',
  path,
  headers: { 'Content-Type': 'text/plain', ...headers },
  body: JSON.stringify({ writeKey: CLIENT_KEY, ...body }),
});

/** The events that were refused alone. */
export async function rejectedIn(response: Response): Promise<BatchAnswer['rejected']> {
  expect(response.status).toBe(200);
  return ((await response.json()) as BatchAnswer).rejected;
}
