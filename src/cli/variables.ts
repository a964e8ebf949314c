import type { ProxyOptions } from '../proxy/index.ts';

/** One environment variable, in words for people. */
export interface Variable {
  /** What it must be: completes "it must be …". */
  readonly must: string;
  /** The option of `createProxy` that it becomes. */
  readonly option?: keyof ProxyOptions;
  readonly read?: (text: string) => unknown;
  readonly preset?: string;
  readonly secret?: true;
}

const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** `x-forwarded-for:1` is a header and its hops; a name alone is one of the two that need none. */
function clientIp(text: string): unknown {
  const [header, hops] = text.split(':');
  return hops === undefined ? text : { header, hops: Number(hops) };
}

/** What configures `cio-first-party proxy`. */
export const VARIABLES: Readonly<Record<string, Variable>> = {
  CIO_WRITE_KEY: {
    must: "Customer.io's write key (the API key of your source); it stays on this server",
    option: 'writeKey',
    secret: true,
  },
  CIO_CLIENT_KEYS: {
    must: 'the keys that your pages use, with commas between them and no colons in them, e.g. client-api-key-web',
    option: 'clientKeys',
    read: list,
    secret: true,
  },
  CIO_REGION: { must: 'us or eu, where your Customer.io account lives', option: 'region', preset: 'us' },
  CIO_ORIGINS: {
    must: 'the other origins whose pages may send, with commas between them, e.g. https://shop.example.com',
    option: 'origins',
    read: list,
    preset: 'the same origin only',
  },
  CIO_BASE_PATH: {
    must: 'the path under which the proxy is mounted, e.g. /e',
    option: 'basePath',
    preset: 'none',
  },
  CIO_UPSTREAM_URL: {
    must: 'an http(s) address that speaks /v1/batch, without credentials, query and fragment',
    option: 'upstreamUrl',
    preset: "the region's",
  },
  CIO_CLIENT_IP: {
    must: "the trusted header that carries the visitor's address: cf-connecting-ip, x-real-ip, or header:hops, e.g. x-forwarded-for:1",
    option: 'clientIp',
    read: clientIp,
    preset: 'none',
  },
  HOST: { must: 'the address to listen on', preset: 'all' },
  PORT: { must: 'the port to listen on: a number from 0 to 65535', preset: '8080' },
};
