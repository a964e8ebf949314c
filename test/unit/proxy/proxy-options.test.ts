// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createProxy, type ProxyOptions, SdkError } from '../../../src/proxy.ts';
import { resolveProxyOptions } from '../../../src/proxy/options/settings.ts';

const GOOD = { writeKey: 'write-key', clientKeys: ['client-api-key-web'] };

function messageOf(options: unknown): string {
  try {
    createProxy(options as ProxyOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(SdkError);
    expect(error).toMatchObject({ code: 'invalid-options' });
    const [message = '', link] = (error as SdkError).message.split(/\. (?=https:\/\/github)/);
    expect(link).toMatch(/docs\/errors\/invalid-options\.md$/);
    return message;
  }
  return 'fine';
}

describe('options', () => {
  test.each<[string, unknown]>([
    ['writeKey', ''],
    ['writeKey', 'a:b'],
    ['writeKey', 'a b'],
    ['writeKey', 7],
    ['writeKey', null],
    ['clientKeys', []],
    ['clientKeys', 'client-api-key-web'],
    ['clientKeys', ['a:b']],
    ['clientKeys', ['']],
    ['clientKeys', [7]],
    ['region', 'de'],
    ['upstreamUrl', 'cdp.customer.io'],
    ['upstreamUrl', 'ftp://cdp.customer.io'],
    ['upstreamUrl', 'https://user:password@cdp.customer.io'],
    ['upstreamUrl', 'https://cdp.customer.io/?key=1'],
    ['origins', 'https://shop.example.com'],
    ['origins', ['*']],
    ['origins', ['https://*.example.com']],
    ['origins', ['https://shop.example.com/']],
    ['origins', ['https://SHOP.example.com']],
    ['origins', ['https://shop.example.com:443']],
    ['origins', ['shop.example.com']],
    ['origins', ['null']],
    ['basePath', 'e'],
    ['basePath', '/e?x'],
    ['basePath', '//e'],
    ['clientIp', 'x-forwarded-for'],
    ['clientIp', { header: 'x-forwarded-for' }],
    ['clientIp', { header: 'x-forwarded-for', hops: 0 }],
    ['clientIp', { header: 'a b', hops: 1 }],
    ['maxBodyBytes', 0],
    ['maxBodyBytes', '500000'],
    ['maxEvents', 1.5],
    ['maxEventBytes', Number.NaN],
    ['timeoutMs', -1],
    ['timeoutMs', Infinity],
    ['timeoutMs', 2 ** 31],
    ['filter', true],
    ['transform', {}],
    ['bodyTimeoutMs', 0],
    ['bodyTimeoutMs', Infinity],
    ['deliver', 'https://queue.example.com'],
    ['onLog', console],
    ['files', './dist'],
    ['fetch', null],
    ['customerToken', 'secret'],
    ['customerToken', null],
    ['appApi', 'key'],
    ['inApp', []],
    ['rateLimit', true],
    ['rateLimit', {}],
    ['rateLimit', { perKey: false, windowMs: 1 }],
    ['upstream', 'https://cdp.customer.io'],
    ['correctClock', 'on'],
    ['compatibility', 'on'],
    ['deduplicate', 'yes'],
    ['deduplicate', null],
    ['anonymousIdCookie', true],
    ['metrics', true],
    ['metrics', 'metrics'],
    ['metrics', '/metrics/'],
    ['metrics', '/v1/batch'],
    ['metrics', '/v1/other'],
    ['metrics', '/cio.js'],
    ['enrich', {}],
  ])('that are wrong are named: %s = %j', (option, value) => {
    expect(messageOf({ ...GOOD, [option]: value })).toMatch(new RegExp(`^createProxy: "${option}" must `));
  });

  test.each<[string, unknown]>([
    ['customerToken.jwksUrl', 'id.example/jwks'],
    ['customerToken.jwksUrl', 'https://user:password@id.example/jwks'],
    ['customerToken.secret', 'x'.repeat(31)],
    ['customerToken.secret', 7],
    ['customerToken.publicKey', 'AAAA'],
    ['customerToken.publicKey', '-----BEGIN PRIVATE KEY-----'],
    ['customerToken.publicKey', { kty: 'oct', k: 'AAAA' }],
    ['customerToken.publicKey', { kty: 'EC', x: 'x', y: 'y', d: 'd' }],
    ['customerToken.algorithms', []],
    ['customerToken.algorithms', 'RS256'],
    ['customerToken.algorithms', ['none']],
    ['customerToken.algorithms', ['RS256', 'HS256']],
    ['customerToken.issuer', ''],
    ['customerToken.issuer', []],
    ['customerToken.audience', [7]],
    ['customerToken.subject', ''],
    ['customerToken.leewaySeconds', -1],
    ['customerToken.leewaySeconds', 601],
    ['customerToken.leewaySeconds', '30'],
    ['customerToken.leewaySeconds', Number.NaN],
    ['customerToken.mode', 'optional'],
    ['customerToken.scope', ''],
    ['customerToken.scope', ['inbox']],
    ['customerToken.scope', 'inbox"'],
    ['customerToken.scope', 'in\nbox'],
    ['appApi.key', ''],
    ['appApi.key', 'a key'],
    ['appApi.key', 'key\n'],
    ['appApi.url', 'api.customer.io'],
    ['appApi.url', 'https://user:password@api.customer.io'],
    ['appApi.attributes', 'plan'],
    ['appApi.attributes', [7]],
    ['inApp.siteId', 'a b'],
    ['inApp.siteId', 7],
    ['inApp.siteId', ''],
    ['inApp.url', 'https://consumer.cloud.gist.build/?x'],
    ['inApp.rendererUrl', 'renderer.gist.build'],
    ['inApp.rendererUrl', 'http://renderer.gist.build'],
    ['inApp.codeUrl', 'https://code.gist.build/?x'],
    ['inApp.codeUrl', 'http://localhost.evil.example'],
    ['inApp.realtimeUrl', 'https://user:password@realtime.cloud.gist.build'],
    ['inApp.realtimeUrl', 'http://10.0.0.1'],
    ['inApp.handleSecret', 'x'.repeat(31)],
    ['inApp.handleSecret', 7],
    ['inApp.anonymous', true],
    ['inApp.anonymous', {}],
    ['inApp.anonymous', { secret: 'x'.repeat(31) }],
    ['inApp.anonymous', { secret: 'x'.repeat(32), other: 1 }],
    ['rateLimit.perKey', 0],
    ['rateLimit.perAddress', '600'],
    ['rateLimit.windowMs', 0],
    ['rateLimit.windowMs', 2 ** 31],
    ['rateLimit.store', () => 1],
    ['rateLimit.store', { count: 1 }],
    ['upstream.maxConcurrent', 0],
    ['upstream.maxQueued', -1],
    ['upstream.maxPerSecond', 1.5],
    ['upstream.retries', 11],
    ['upstream.breakAfter', 0],
    ['upstream.pauseMs', Infinity],
    ['deduplicate.maxBytes', 0],
    ['deduplicate.maxBytes', '16 MB'],
    ['deduplicate.windowMs', '1'],
    ['deduplicate.store', () => {}],
    ['deduplicate.store', {}],
    ['deduplicate.store', { claim: () => [], done: () => {}, release: true }],
    ['anonymousIdCookie.domain', '.example.com'],
    ['anonymousIdCookie.domain', 'example.com; Path=/x'],
    ['anonymousIdCookie.domain', 7],
    ['anonymousIdCookie.maxAgeDays', 401],
  ])('that are wrong inside a group are named: %s = %j', (option, value) => {
    const [group = '', name = ''] = option.split('.');
    expect(messageOf({ ...GOOD, [group]: { [name]: value } })).toContain(`"${option}" must be `);
  });

  test('of a store name the functions that it lacks', () => {
    expect(messageOf({ ...GOOD, deduplicate: { store: { claim: () => [] } } })).toContain(
      '"deduplicate.store" must be an object with functions "claim", "done", "release", got one without done, release',
    );
    expect(messageOf({ ...GOOD, deduplicate: { maxIds: 10 } })).toBe(
      'createProxy: "deduplicate.maxIds" is no option of the proxy',
    );
  });

  test('of messages may be functions, and URLs of the same machine', () => {
    const inApp = {
      siteId: async () => 'site',
      rendererUrl: 'http://127.0.0.1:8081',
      codeUrl: new URL('http://localhost:8082'),
      realtimeUrl: 'https://realtime.example',
      handleSecret: () => 'x'.repeat(32),
      anonymous: { secret: 'ü'.repeat(16) },
    };
    expect(messageOf({ ...GOOD, inApp })).toBe('fine');
  });

  test('of a secret allow no algorithm of a key, and the other way round', () => {
    const secret = 'x'.repeat(32);
    const jwksUrl = 'https://id.example/jwks?policy=1';
    const judge = (customerToken: object): string => messageOf({ ...GOOD, customerToken });
    expect(judge({ secret, algorithms: ['HS256', 'HS512'] })).toBe('fine');
    expect(judge({ jwksUrl, algorithms: ['RS256', 'EdDSA'] })).toBe('fine');
    expect(judge({ secret, algorithms: ['RS256'] })).toContain('"customerToken.algorithms" must');
    expect(judge({ jwksUrl, algorithms: ['HS256'] })).toContain('"customerToken.algorithms" must');
  });

  test.each([[{}], [{ issuer: 'x' }], [{ secret: 'x'.repeat(32), jwksUrl: 'https://id.example' }]])(
    'of tokens need exactly one key: %j',
    (customerToken) => {
      expect(messageOf({ ...GOOD, customerToken })).toContain(
        '"customerToken" must have exactly one of jwksUrl, secret, publicKey, got ',
      );
    },
  );

  test('of tokens need no key while they are disabled, but never two', () => {
    expect(messageOf({ ...GOOD, customerToken: { mode: 'disabled' } })).toBe('fine');
    const two = { mode: 'disabled', secret: 'x'.repeat(32), jwksUrl: 'https://id.example' };
    expect(messageOf({ ...GOOD, customerToken: two })).toContain('exactly one of');
  });

  test('of a group may be zero, false or nothing where that means something', () => {
    const rateLimit = { perKey: false, perAddress: 600, store: { count: () => ({ count: 1, resetMs: 1 }) } };
    const upstream = { maxQueued: 0, retries: 0, pauseMs: undefined };
    const more = { deduplicate: false, correctClock: false, metrics: '/internal/metrics' };
    expect(messageOf({ ...GOOD, ...more, rateLimit, upstream, anonymousIdCookie: { domain: '' } })).toBe(
      'fine',
    );
    expect(messageOf({ ...GOOD, rateLimit: false, deduplicate: {} })).toBe('fine');
    const store = { claim: async () => [], done: async () => {}, release: async () => {} };
    expect(messageOf({ ...GOOD, deduplicate: { store, maxBytes: undefined } })).toBe('fine');
    expect(messageOf({ ...GOOD, anonymousIdCookie: {} })).toContain('"anonymousIdCookie.domain" is missing');
    expect(messageOf({ ...GOOD, upstream: { retry: 1 } })).toContain('"upstream.retry" is no option');
  });

  test('of a group are missing, or unknown', () => {
    expect(messageOf({ ...GOOD, appApi: {}, inApp: { site: 'x' } })).toBe(
      'createProxy: "appApi.key" is missing: it must be a key of Customer.io\'s App API (printable characters), or a function that returns it; ' +
        '"inApp.siteId" is missing: it must be the site id of the workspace, or a function that returns it; "inApp.site" is no option of the proxy',
    );
  });

  test('show what came', () => {
    expect(messageOf({ ...GOOD, region: 'de' })).toBe(`createProxy: "region" must be 'us' or 'eu', got "de"`);
    expect(messageOf({ ...GOOD, timeoutMs: undefined, maxEvents: Infinity })).toContain('got Infinity');
  });

  test.each(['ratelimit', 'authorizeKey', 'writekey', 'customertoken'])(
    'that nobody knows are refused: %s',
    (option) => {
      expect(messageOf({ ...GOOD, [option]: {} })).toBe(`createProxy: "${option}" is no option of the proxy`);
    },
  );

  test('are all told at once', () => {
    const message = messageOf({ region: 'de', basePath: 'e', more: 1 });
    for (const option of ['writeKey', 'clientKeys', 'region', 'basePath', 'more'])
      expect(message).toContain(`"${option}"`);
  });

  test.each([undefined, null, 'write-key', 7])('must be an object: %j', (value) => {
    expect(messageOf(value)).toContain('"options" must be an object');
  });

  test('never show a key', () => {
    const messages = [
      messageOf({ writeKey: 'secret: key', clientKeys: ['secret: key'] }),
      messageOf({ ...GOOD, clientKeys: 'secret' }),
      messageOf({ ...GOOD, upstreamUrl: 'https://secret:secret@cdp.customer.io' }),
    ];
    for (const message of messages) expect(message).not.toContain('secret');
    const hidden = [
      messageOf({ ...GOOD, customerToken: { secret: 'hidden' }, appApi: { key: 'hidden hidden' } }),
      messageOf({ ...GOOD, customerToken: { publicKey: { kty: 'EC', d: 'hidden' } }, appApi: 'hidden' }),
      messageOf({ ...GOOD, customerToken: { publicKey: '-----BEGIN PRIVATE KEY-----hidden' } }),
      messageOf({ ...GOOD, customerToken: { jwksUrl: 'https://hidden:hidden@id.example' } }),
      messageOf({ ...GOOD, inApp: { siteId: 's', handleSecret: 'hidden', anonymous: { secret: 'hidden' } } }),
      messageOf({ ...GOOD, inApp: { siteId: 's', codeUrl: 'http://hidden:hidden@id.example' } }),
    ];
    for (const message of hidden) expect(message).not.toContain('hidden');
  });

  test('must not publish the write key', () => {
    expect(messageOf({ writeKey: 'same', clientKeys: ['web', 'same'] })).toContain(
      'must not contain the write key',
    );
  });

  test.each([
    ['secret of customer tokens', { customerToken: { secret: 'x'.repeat(32) } }],
    ['key of the App API', { appApi: { key: 'x'.repeat(32) } }],
    ['secret of message handles', { inApp: { siteId: 's', handleSecret: 'x'.repeat(32) } }],
    ['secret of anonymous messages', { inApp: { siteId: 's', anonymous: { secret: 'x'.repeat(32) } } }],
  ])('must not publish the %s', (name, more) => {
    const message = messageOf({ writeKey: 'write-key', clientKeys: ['x'.repeat(32)], ...more });
    expect(message).toBe(
      `createProxy: "clientKeys" must not contain the ${name}: every visitor can read client keys`,
    );
  });

  test.each<[object, number]>([
    [{}, 1_000],
    [{ region: 'eu', upstream: { maxPerSecond: undefined } }, 1_000],
    [{ upstreamUrl: 'https://queue.example.com' }, Infinity],
    [{ upstreamUrl: 'https://queue.example.com', upstream: { maxPerSecond: 5 } }, 5],
    [{ upstream: { retries: 0 } }, 1_000],
  ])('keep to what Customer.io takes, and to nothing elsewhere: %j', (options, maxPerSecond) => {
    expect(resolveProxyOptions({ ...GOOD, ...options }).upstream.maxPerSecond).toBe(maxPerSecond);
  });

  test('that are undefined are the defaults', () => {
    const names = [
      'customerToken',
      'appApi',
      'inApp',
      'region',
      'upstreamUrl',
      'origins',
      'basePath',
      'clientIp',
      'maxBodyBytes',
      'maxEvents',
      'maxEventBytes',
      'correctClock',
      'compatibility',
      'deduplicate',
      'anonymousIdCookie',
      'metrics',
      'enrich',
    ];
    const more = [
      'filter',
      'transform',
      'deliver',
      'onLog',
      'files',
      'fetch',
      'timeoutMs',
      'bodyTimeoutMs',
      'rateLimit',
      'upstream',
    ];
    const options = Object.fromEntries([...names, ...more].map((name) => [name, undefined]));
    expect(messageOf({ ...GOOD, ...options })).toBe('fine');
  });

  test.each([
    'https://shop.example.com',
    'http://localhost:3000',
    'https://shop.example.com:8443',
    'capacitor://localhost',
  ])('take origins as browsers write them: %s', (origin) => {
    expect(messageOf({ ...GOOD, origins: [origin] })).toBe('fine');
  });
});
