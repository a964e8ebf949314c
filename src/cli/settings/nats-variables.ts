import type { Variable } from './variable.ts';

/** The settings of NATS. */
export interface NatsSettings {
  /** The servers, each as `host:port`. */
  readonly servers: readonly string[];
  readonly tls: boolean;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  /** The content of a `.creds` file. */
  readonly credentials: string | undefined;
  readonly stream: string;
  readonly subject: string;
  /** On how many servers each message is stored. */
  readonly replicas: number;
  /** After how long the stream deletes a message, forwarded or not. */
  readonly maxAgeMs: number;
  /** The most bytes of the stream. */
  readonly maxBytes: number;
  /** How long the stream keeps a message after it was forwarded. */
  readonly keepMs: number;
}

/** The variables of NATS JetStream, for the commands `proxy` and `forward`. */
export const NATS_VARIABLES: Readonly<Record<string, Variable>> = {
  NATS_URL: {
    must: 'the URLs of NATS servers with JetStream, separated by commas, e.g. nats://user:password@nats-1:4222,nats://nats-2:4222, or tls:// instead of nats://; needs the packages @nats-io/jetstream and @nats-io/transport-node',
    secret: true,
    preset: 'none: the proxy sends to Customer.io directly',
  },
  NATS_CREDENTIALS: {
    must: 'the content of a .creds file of NATS',
    secret: true,
    preset: 'none',
  },
  CIO_NATS_STREAM: {
    must: 'the name of the stream, which is created if it is missing: letters, digits, - and _',
    preset: 'CIO',
  },
  CIO_NATS_SUBJECT: {
    must: 'the subject of the stream, without * and >; messages that can never be forwarded go to this subject with .parked at the end',
    preset: 'cio.batches',
  },
  CIO_NATS_REPLICAS: {
    must: 'the number of NATS servers that store each message: 1, 3 or 5',
    preset: '3 where NATS_URL has three or more, otherwise 1',
  },
  CIO_NATS_MAX_AGE_HOURS: {
    must: 'the hours after which the stream deletes a message, forwarded or not: a number from 1 to 8760',
    preset: '168',
  },
  CIO_NATS_MAX_BYTES: {
    must: 'the maximum bytes of the stream; a full stream refuses messages, and browsers keep their events: a number of 1000000 or more',
    preset: '10000000000',
  },
  CIO_NATS_KEEP_MINUTES: {
    must: 'the minutes that a message is kept after it was forwarded, so that it can be forwarded again (--replay-since): a number from 1 to 525600',
    preset: '60',
  },
};

type TextOf = (name: string) => string | undefined;

/**
 * Reads the settings of NATS. Returns `undefined` when NATS_URL is not set. `complain` is called with the name of each
 * variable that is wrong.
 */
export function readNats(textOf: TextOf, complain: (name: string) => void): NatsSettings | undefined {
  const text = textOf('NATS_URL');
  if (text === undefined) return undefined;
  const urls = text.split(',').map((server) => urlOf(server.trim()));
  const known = urls.filter((url) => url !== null);
  if (known.length < urls.length) complain('NATS_URL');

  function number(name: string, preset: number, isRight: (value: number) => boolean): number {
    const text = textOf(name);
    const value = text === undefined ? preset : Number(text);
    if (!isRight(value)) complain(name);
    return value;
  }
  function name(variable: string, preset: string, pattern: RegExp): string {
    const value = textOf(variable) ?? preset;
    if (!pattern.test(value)) complain(variable);
    return value;
  }
  const isBetween =
    (least: number, most: number) =>
    (value: number): boolean =>
      Number.isInteger(value) && value >= least && value <= most;

  const [user, password] = [
    known.find(({ username }) => username !== '')?.username,
    known.find(({ password }) => password !== '')?.password,
  ];
  const decoded = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : decodeURIComponent(value);
  return {
    servers: known.map(({ host, port }) => (port === '' ? `${host}:4222` : host)),
    tls: known.some(({ protocol }) => protocol === 'tls:'),
    user: password === undefined ? undefined : decoded(user),
    password: decoded(password),
    // https://docs.nats.io/using-nats/developer/connecting/token
    token: password === undefined ? decoded(user) : undefined,
    credentials: textOf('NATS_CREDENTIALS'),
    stream: name('CIO_NATS_STREAM', 'CIO', /^[\w-]{1,32}$/),
    subject: name('CIO_NATS_SUBJECT', 'cio.batches', /^[^\s.*>]+(\.[^\s.*>]+)*$/),
    replicas: number('CIO_NATS_REPLICAS', urls.length >= 3 ? 3 : 1, (value) => [1, 3, 5].includes(value)),
    maxAgeMs: number('CIO_NATS_MAX_AGE_HOURS', 168, isBetween(1, 8_760)) * 3_600_000,
    maxBytes: number('CIO_NATS_MAX_BYTES', 10_000_000_000, isBetween(1_000_000, Number.MAX_SAFE_INTEGER)),
    keepMs: number('CIO_NATS_KEEP_MINUTES', 60, isBetween(1, 525_600)) * 60_000,
  };
}

/** Reads the URL of a NATS server, whose scheme may be missing. Returns `null` for any other text. */
function urlOf(text: string): URL | null {
  const full = text.includes('://') ? text : `nats://${text}`;
  if (!URL.canParse(full)) return null;
  const url = new URL(full);
  const { protocol, hostname, pathname, search, username, password } = url;
  try {
    decodeURIComponent(username + password);
  } catch {
    return null;
  }
  const isPlain = /^\/?$/.test(pathname) && search === '';
  return /^(nats|tls):$/.test(protocol) && hostname !== '' && isPlain ? url : null;
}

/** Removes all secrets of NATS from a text for the log, whichever part of the program it comes from. */
export function withoutSecrets(text: string, { user, password, token, credentials }: NatsSettings): string {
  const secrets = [user && password ? `${user}:${password}` : undefined, password, token, credentials];
  return secrets.reduce<string>((result, secret) => (secret ? result.replaceAll(secret, '…') : result), text);
}
