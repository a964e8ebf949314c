/** The proxies of Customer.io's public guide, one in each of its languages. */
import { type ServerProcess, startServer } from '../process.ts';

/** Where the proxy sends what it takes, and with which key. */
export interface Behind {
  readonly upstreamUrl: string;
  readonly writeKey: string;
}

export interface GuideProxy {
  readonly language: string;
  start(behind: Behind): Promise<ServerProcess>;
}

/** Takes every key that begins with this. */
export const CLIENT_KEY = 'client-api-key-web';

export const GUIDE_PROXIES: readonly GuideProxy[] = [
  {
    language: 'Node',
    start: ({ upstreamUrl, writeKey }) =>
      startServer('test/support/guide-proxies/node.ts', {
        PORT: '0',
        UPSTREAM_URL: upstreamUrl,
        WRITE_KEY: writeKey,
      }),
  },
];
