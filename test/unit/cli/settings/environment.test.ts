// @vitest-environment node
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readEnvironment } from '../../../../src/cli/settings/environment.ts';

const GOOD = { CIO_WRITE_KEY: 'write-key', CIO_CLIENT_KEYS: 'web' };

function problemsOf(environment: Record<string, string>): readonly string[] {
  const reading = readEnvironment(environment);
  return reading.kind === 'unusable' ? reading.problems : [];
}

describe('the environment', () => {
  test('requires two variables', () => {
    expect(readEnvironment(GOOD)).toEqual({
      kind: 'ready',
      options: { writeKey: 'write-key', clientKeys: ['web'] },
      host: undefined,
      port: 8080,
      graceMs: 20_000,
      redisUrl: undefined,
      nats: undefined,
    });
  });

  test('becomes the options of the proxy', () => {
    const reading = readEnvironment({
      CIO_WRITE_KEY: ' write-key ',
      CIO_CLIENT_KEYS: 'web, shop,',
      CIO_REGION: 'eu',
      CIO_ORIGINS: 'https://shop.example.com,https://www.example.com',
      CIO_BASE_PATH: '/e',
      CIO_UPSTREAM_URL: 'http://localhost:9000',
      CIO_CLIENT_IP: 'x-forwarded-for:2',
      HOST: '127.0.0.1',
      PORT: '0',
      CIO_STOP_TIMEOUT_MS: '5000',
    });
    expect(reading).toEqual({
      kind: 'ready',
      options: {
        writeKey: 'write-key',
        clientKeys: ['web', 'shop'],
        region: 'eu',
        origins: ['https://shop.example.com', 'https://www.example.com'],
        basePath: '/e',
        upstreamUrl: 'http://localhost:9000',
        clientIp: { header: 'x-forwarded-for', hops: 2 },
      },
      host: '127.0.0.1',
      port: 0,
      graceMs: 5_000,
    });
  });

  test('becomes the limits, and what is off by default', () => {
    const reading = readEnvironment({
      ...GOOD,
      CIO_RATE_LIMIT_PER_ADDRESS: '600',
      CIO_RATE_LIMIT_PER_KEY: '50000',
      CIO_UPSTREAM_CONCURRENCY: '20',
      CIO_TIMEOUT_MS: '5000',
      CIO_CORRECT_CLOCK: 'on',
      CIO_COMPATIBILITY: 'true',
      CIO_DEDUPLICATE: 'off',
      CIO_ANONYMOUS_ID_COOKIE_DOMAIN: 'example.com',
      CIO_METRICS: '/metrics',
    });
    expect(reading).toMatchObject({
      kind: 'ready',
      options: {
        rateLimit: { perAddress: 600, perKey: 50_000 },
        upstream: { maxConcurrent: 20 },
        timeoutMs: 5_000,
        correctClock: true,
        compatibility: true,
        deduplicate: false,
        anonymousIdCookie: { domain: 'example.com' },
        metrics: '/metrics',
      },
    });
  });

  test('with invalid limits gets an error for each', () => {
    const problems = problemsOf({
      ...GOOD,
      CIO_RATE_LIMIT_PER_ADDRESS: 'many',
      CIO_UPSTREAM_CONCURRENCY: '0',
      CIO_CORRECT_CLOCK: 'yes',
      CIO_COMPATIBILITY: '1',
      CIO_ANONYMOUS_ID_COOKIE_DOMAIN: 'https://example.com',
      CIO_METRICS: 'metrics',
    });
    expect(new Set(problems.map((problem) => problem.split(' is ')[0]))).toEqual(
      new Set([
        'CIO_ANONYMOUS_ID_COOKIE_DOMAIN',
        'CIO_COMPATIBILITY',
        'CIO_CORRECT_CLOCK',
        'CIO_METRICS',
        'CIO_RATE_LIMIT_PER_ADDRESS',
        'CIO_UPSTREAM_CONCURRENCY',
      ]),
    );
    expect(problems).toHaveLength(6);
  });

  test('becomes the options of customer tokens and private calls', () => {
    const reading = readEnvironment({
      ...GOOD,
      CIO_TOKEN_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----',
      CIO_TOKEN_ALGORITHMS: 'RS256, ES256',
      CIO_TOKEN_ISSUER: 'https://id.example',
      CIO_TOKEN_AUDIENCE: 'shop,app',
      CIO_TOKEN_SUBJECT: 'user_id',
      CIO_TOKEN_LEEWAY_SECONDS: '5',
      CIO_TOKEN_MODE: 'report',
      CIO_TOKEN_SCOPE: 'events inbox',
      CIO_APP_API_KEY: 'app-key',
      CIO_APP_API_ATTRIBUTES: 'plan, name',
      CIO_APP_API_URL: 'http://localhost:9001',
      CIO_IN_APP_SITE_ID: 'site',
      CIO_IN_APP_URL: 'http://localhost:9002',
      CIO_IN_APP_RENDERER_URL: 'http://localhost:9003',
      CIO_IN_APP_CODE_URL: 'http://localhost:9004',
      CIO_IN_APP_REALTIME_URL: 'http://localhost:9005',
      CIO_IN_APP_HANDLE_SECRET: 'x'.repeat(32),
      CIO_IN_APP_ANONYMOUS_SECRET: 'y'.repeat(32),
    });
    expect(reading).toMatchObject({
      kind: 'ready',
      options: {
        customerToken: {
          publicKey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
          algorithms: ['RS256', 'ES256'],
          issuer: ['https://id.example'],
          audience: ['shop', 'app'],
          subject: 'user_id',
          leewaySeconds: 5,
          mode: 'report',
          scope: 'events inbox',
        },
        appApi: { key: 'app-key', attributes: ['plan', 'name'], url: 'http://localhost:9001' },
        inApp: {
          siteId: 'site',
          url: 'http://localhost:9002',
          rendererUrl: 'http://localhost:9003',
          codeUrl: 'http://localhost:9004',
          realtimeUrl: 'http://localhost:9005',
          handleSecret: 'x'.repeat(32),
          anonymous: { secret: 'y'.repeat(32) },
        },
      },
    });
    for (const [name, text, option] of [
      ['CIO_TOKEN_JWKS_URL', 'https://id.example/jwks', 'jwksUrl'],
      ['CIO_TOKEN_SECRET', 'x'.repeat(32), 'secret'],
    ] as const)
      expect(readEnvironment({ ...GOOD, [name]: text })).toMatchObject({
        options: { customerToken: { [option]: text } },
      });
  });

  test('becomes the settings of NATS', () => {
    const natsOf = (environment: Record<string, string>): unknown => {
      const reading = readEnvironment({ ...GOOD, ...environment });
      return reading.kind === 'ready' ? reading.nats : reading;
    };
    expect(natsOf({ NATS_URL: 'nats://a' })).toEqual({
      servers: ['a:4222'],
      tls: false,
      user: undefined,
      password: undefined,
      token: undefined,
      credentials: undefined,
      stream: 'CIO',
      subject: 'cio.batches',
      replicas: 1,
      maxAgeMs: 168 * 3_600_000,
      maxBytes: 10_000_000_000,
      keepMs: 3_600_000,
    });
    expect(natsOf({ NATS_URL: 'tls://me:p%40ss@a:1, tls://b:2 ,c' })).toMatchObject({
      servers: ['a:1', 'b:2', 'c:4222'],
      tls: true,
      user: 'me',
      password: 'p@ss',
      replicas: 3,
    });
    expect(natsOf({ NATS_URL: 'a-token@a:1' })).toMatchObject({ token: 'a-token', user: undefined });
    expect(natsOf({ NATS_URL: '[::1]:4223', CIO_NATS_REPLICAS: '5', NATS_CREDENTIALS: 'x' })).toMatchObject({
      servers: ['[::1]:4223'],
      replicas: 5,
      credentials: 'x',
    });
    for (const url of ['http://a', 'nats://', 'nats://a/path', 'a,,b', 'nats://%zz@a'])
      expect(problemsOf({ ...GOOD, NATS_URL: url })).toEqual([
        expect.stringMatching(/^NATS_URL is not usable/),
      ]);
  });

  test('without tokens has none of their options', () => {
    const reading = readEnvironment(GOOD);
    for (const group of ['customerToken', 'appApi', 'inApp'])
      expect(reading).not.toHaveProperty(['options', group]);
  });

  test('with invalid customer token settings gets an error for each', () => {
    const problems = problemsOf({
      ...GOOD,
      CIO_TOKEN_SECRET: 'hidden',
      CIO_TOKEN_JWKS_URL: 'id.example',
      CIO_TOKEN_ALGORITHMS: 'RS256',
      CIO_TOKEN_LEEWAY_SECONDS: 'soon',
      CIO_TOKEN_MODE: 'on',
      CIO_TOKEN_SCOPE: 'a  b',
      CIO_APP_API_URL: 'api.customer.io',
      CIO_IN_APP_URL: 'http://localhost:9002',
      CIO_IN_APP_ANONYMOUS_SECRET: 'hidden',
    });
    expect(problems.map((problem) => problem.split(': it must')[0])).toEqual([
      'CIO_TOKEN_JWKS_URL is "id.example"',
      'CIO_TOKEN_SECRET is not usable',
      'CIO_TOKEN_ALGORITHMS is "RS256"',
      'CIO_TOKEN_LEEWAY_SECONDS is "soon"',
      'CIO_TOKEN_MODE is "on"',
      'CIO_TOKEN_SCOPE is "a  b"',
      'CIO_APP_API_KEY is missing',
      'CIO_APP_API_URL is "api.customer.io"',
      'CIO_IN_APP_SITE_ID is missing',
      'CIO_IN_APP_ANONYMOUS_SECRET is not usable',
      'There must be exactly one of CIO_TOKEN_JWKS_URL, CIO_TOKEN_SECRET, CIO_TOKEN_PUBLIC_KEY.',
    ]);
    expect(problemsOf({ ...GOOD, CIO_TOKEN_ISSUER: 'https://id.example' })).toEqual([
      'There must be exactly one of CIO_TOKEN_JWKS_URL, CIO_TOKEN_SECRET, CIO_TOKEN_PUBLIC_KEY.',
    ]);
    expect(problems.join()).not.toContain('hidden');
  });

  test.each(['redis://redis.internal', 'redis://redis.internal:6379/0', 'rediss://user:p%40ss@[::1]:6380/'])(
    'sets the Redis of all copies: %s',
    (url) => {
      expect(readEnvironment({ ...GOOD, CIO_REDIS_URL: ` ${url} ` })).toMatchObject({ redisUrl: url });
    },
  );

  test.each([
    'redis.internal:6379',
    'http://:hidden@redis.internal',
    'redis://:hidden@/0',
    'redis://:hidden@redis.internal/main',
    'redis://:hidden%@redis.internal',
  ])('with an invalid Redis URL gets an error that does not print it: %s', (url) => {
    const [problem = ''] = problemsOf({ ...GOOD, CIO_REDIS_URL: url });
    expect(problem).toContain('CIO_REDIS_URL is not usable: it must be the URL of a Redis or Valkey');
    expect(problem).not.toContain('hidden');
  });

  test.each(['cf-connecting-ip', 'x-real-ip'])('names a header that needs no hops: %s', (header) => {
    expect(readEnvironment({ ...GOOD, CIO_CLIENT_IP: header })).toMatchObject({
      options: { clientIp: header },
    });
  });

  test('treats an empty variable as one that is not set', () => {
    expect(problemsOf({ ...GOOD, CIO_REGION: '', CIO_ORIGINS: ' ', PORT: '' })).toEqual([]);
    expect(problemsOf({ CIO_WRITE_KEY: '', CIO_CLIENT_KEYS: ' ' })).toHaveLength(2);
  });

  test('gets all errors at once, with the names of the variables', () => {
    const problems = problemsOf({
      CIO_CLIENT_KEYS: 'a:b:c',
      CIO_REGION: 'de',
      CIO_ORIGINS: 'shop.example.com',
      CIO_BASE_PATH: 'e',
      CIO_UPSTREAM_URL: 'cdp.customer.io',
      CIO_CLIENT_IP: 'x-forwarded-for',
      PORT: '80808',
      CIO_STOP_TIMEOUT_MS: 'soon',
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'CIO_WRITE_KEY is missing',
      'CIO_CLIENT_KEYS is not usable',
      'CIO_REGION is "de"',
      'CIO_UPSTREAM_URL is "cdp.customer.io"',
      'CIO_ORIGINS is "shop.example.com"',
      'CIO_BASE_PATH is "e"',
      'CIO_CLIENT_IP is "x-forwarded-for"',
      'PORT is "80808"',
      'CIO_STOP_TIMEOUT_MS is "soon"',
    ]);
    expect(problems.find((problem) => problem.startsWith('CIO_REGION'))).toBe(
      'CIO_REGION is "de": it must be us or eu, the region of your Customer.io account.',
    );
  });

  test('never has the credentials of a URL printed', () => {
    const problems = problemsOf({
      ...GOOD,
      CIO_UPSTREAM_URL: 'https://user:hidden@cdp.customer.io',
      CIO_ORIGINS: 'https://a.example.com,https://user:hidden@shop.example.com',
    });
    expect(problems.map((problem) => problem.split(': ')[0])).toEqual([
      'CIO_UPSTREAM_URL is "https://…@cdp.customer.io"',
      'CIO_ORIGINS is "https://a.example.com,https://…@shop.example.com"',
    ]);
    expect(problems.join()).not.toContain('hidden');
  });

  test('has client keys with names and origins', () => {
    const CIO_CLIENT_KEYS = 'key1,web:key2,shop:key3@https://shop.example.com,key4@https://blog.example.com';
    expect(readEnvironment({ ...GOOD, CIO_CLIENT_KEYS })).toMatchObject({
      options: {
        clientKeys: [
          'key1',
          { key: 'key2', name: 'web' },
          { key: 'key3', name: 'shop', origins: ['https://shop.example.com'] },
          { key: 'key4', origins: ['https://blog.example.com'] },
        ],
      },
    });
    expect(problemsOf({ ...GOOD, CIO_CLIENT_KEYS: 'https://shop.example.com' })).toHaveLength(1);
    expect(problemsOf({ ...GOOD, CIO_CLIENT_KEYS: 'my shop:key' })).toHaveLength(1);
    for (const [text, origin] of [
      ['key@shop.example.com', 'https://shop.example.com'],
      ['web:key@shop.example.com/', 'https://shop.example.com'],
      ['key@localhost:3000', 'http://localhost:3000'],
    ] as const)
      expect(problemsOf({ ...GOOD, CIO_CLIENT_KEYS: text })).toEqual([
        expect.stringContaining(`is not as browsers send it: write ${origin}.`),
      ]);
    expect(readEnvironment({ ...GOOD, CIO_CLIENT_KEYS: 'k@y' })).toMatchObject({
      options: { clientKeys: ['k@y'] },
    });
  });

  test('never has its keys printed', () => {
    const problems = [
      ...problemsOf({ CIO_WRITE_KEY: 'secret key', CIO_CLIENT_KEYS: 'secret:ke:y' }),
      ...problemsOf({ CIO_WRITE_KEY: 'secret', CIO_CLIENT_KEYS: 'web,secret' }),
    ];
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('secret');
    expect(problems[2]).toBe(
      'CIO_CLIENT_KEYS must not contain the write key: every visitor can read client keys.',
    );
  });
});

describe('secrets in files', () => {
  function file(content: string): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'cio-secret-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(path.join(folder, 'secret'), content);
    return path.join(folder, 'secret');
  }

  test('are read, without the line end that editors leave', () => {
    const reading = readEnvironment({
      CIO_WRITE_KEY_FILE: file('write-key\n'),
      CIO_CLIENT_KEYS_FILE: file('web,shop\n'),
      CIO_TOKEN_SECRET_FILE: file('0123456789abcdef0123456789abcdef'),
      CIO_APP_API_KEY_FILE: file('app-key'),
      CIO_REDIS_URL_FILE: file('redis://:secret@redis.internal\n'),
    });
    expect(reading).toMatchObject({
      kind: 'ready',
      options: {
        writeKey: 'write-key',
        clientKeys: ['web', 'shop'],
        customerToken: { secret: '0123456789abcdef0123456789abcdef' },
        appApi: { key: 'app-key' },
      },
      redisUrl: 'redis://:secret@redis.internal',
    });
  });

  test('that cannot be read are reported once, with their path', () => {
    expect(problemsOf({ CIO_CLIENT_KEYS: 'web', CIO_WRITE_KEY_FILE: '/nowhere/write-key' })).toEqual([
      'CIO_WRITE_KEY_FILE is "/nowhere/write-key", which cannot be read: ENOENT.',
    ]);
    expect(problemsOf({ ...GOOD, CIO_APP_API_KEY_FILE: '/nowhere/key' })).toEqual([
      'CIO_APP_API_KEY_FILE is "/nowhere/key", which cannot be read: ENOENT.',
    ]);
  });

  test('and in the environment at once are refused as ambiguous', () => {
    expect(problemsOf({ ...GOOD, CIO_WRITE_KEY_FILE: file('another') })).toEqual([
      'There must be only one of CIO_WRITE_KEY, CIO_WRITE_KEY_FILE.',
    ]);
  });

  test('that are empty count as missing, and unusable values are not printed', () => {
    expect(problemsOf({ CIO_CLIENT_KEYS: 'web', CIO_WRITE_KEY_FILE: file('\n') })).toEqual([
      expect.stringContaining('CIO_WRITE_KEY is missing'),
    ]);
    const [problem] = problemsOf({ CIO_CLIENT_KEYS: 'web', CIO_WRITE_KEY_FILE: file('a:secret') });
    expect(problem).toContain('CIO_WRITE_KEY is not usable');
    expect(problem).not.toContain('a:secret');
  });

  test('are for secrets only', () => {
    expect(readEnvironment({ ...GOOD, CIO_REGION_FILE: '/nowhere' })).toMatchObject({ kind: 'ready' });
  });
});

describe('an origin that no browser writes', () => {
  test.each([
    [
      'https://shop.example.com/',
      '"https://shop.example.com/" ends with a slash: write https://shop.example.com.',
    ],
    [
      'https://www.example.com,https://shop.example.com/e',
      '"https://shop.example.com/e" is not as browsers send it: write https://shop.example.com.',
    ],
    [
      'https://Shop.example.com:443',
      '"https://Shop.example.com:443" is not as browsers send it: write https://shop.example.com.',
    ],
    ['shop.example.com', '"shop.example.com" is not as browsers send it: write https://shop.example.com.'],
    ['capacitor://localhost/', '"capacitor://localhost/" ends with a slash: write capacitor://localhost.'],
    ['localhost:3000/', '"localhost:3000/" is not as browsers send it: write http://localhost:3000.'],
  ])('is refused with the right text: %s', (text, hint) => {
    const [problem = '', ...others] = problemsOf({ ...GOOD, CIO_ORIGINS: text });
    expect(others).toEqual([]);
    expect(problem).toContain(`CIO_ORIGINS is "${text}": it must be `);
    expect(problem.endsWith(hint)).toBe(true);
  });

  test.each(['*', 'https://*.example.com', 'https://user:sesame@shop.example.com'])(
    'is refused without a guess, where there is none: %s',
    (text) =>
      expect(problemsOf({ ...GOOD, CIO_ORIGINS: text })[0]).toMatch(/e\.g\. https:\/\/shop\.example\.com\.$/),
  );

  test('of a client key is refused with the right text, and the key is not shown', () => {
    const [problem = ''] = problemsOf({ ...GOOD, CIO_CLIENT_KEYS: 'sesame@https://shop.example.com/' });
    expect(problem).toContain(
      '"https://shop.example.com/" ends with a slash: write https://shop.example.com.',
    );
    expect(problem).not.toContain('sesame');
  });
});

test('a path of metrics with an end slash is refused with the right text', () => {
  expect(problemsOf({ ...GOOD, CIO_METRICS: '/metrics/' })).toEqual([
    expect.stringMatching(/^CIO_METRICS is "\/metrics\/": .* It ends with a slash: write \/metrics\.$/),
  ]);
});
