import type { ChildProcess } from 'node:child_process';
import { freePort } from '../../test/support/server/listen.ts';
import { nextOf } from '../once/child.ts';
import { CLIENT_KEY, WRITE_KEY } from '../once/events.ts';
import { createCommand } from './part.ts';

/** One proxy that publishes and one forwarder that drains, neither of them started. */
export interface Pair {
  readonly proxy: ReturnType<typeof createCommand>;
  readonly proxyPort: number;
  readonly forwarder: ReturnType<typeof createCommand>;
  /** The variables that a forwarder needs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Makes a pair between the NATS servers at `natsUrl` and the first port of `upstream`. */
export async function createPair(upstream: ChildProcess, natsUrl: string): Promise<Pair> {
  const { ports } = (await nextOf(upstream)) as { ports: number[] };
  const environment = {
    NATS_URL: natsUrl,
    CIO_WRITE_KEY: WRITE_KEY,
    CIO_UPSTREAM_URL: `http://127.0.0.1:${ports[0]}`,
  };
  const proxyPort = await freePort();
  return {
    environment,
    proxyPort,
    proxy: createCommand({
      name: 'proxy',
      kind: 'proxy',
      port: proxyPort,
      environment: { ...environment, CIO_CLIENT_KEYS: CLIENT_KEY },
    }),
    forwarder: createCommand({ name: 'forwarder', kind: 'forwarder', port: await freePort(), environment }),
  };
}
