// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createProxy, type ProxyOptions, SdkError } from '../../../src/proxy/index.ts';

const GOOD = { writeKey: 'write-key', clientKeys: ['client-api-key-web'] };

function messageOf(options: unknown): string {
  try {
    createProxy(options as ProxyOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(SdkError);
    expect(error).toMatchObject({ code: 'invalid-options' });
    return (error as SdkError).message;
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
    ['deliver', 'https://queue.example.com'],
    ['onLog', console],
    ['files', './dist'],
    ['fetch', null],
  ])('that are wrong are named: %s = %j', (option, value) => {
    expect(messageOf({ ...GOOD, [option]: value })).toMatch(new RegExp(`^createProxy: "${option}" must `));
  });

  test('show what came', () => {
    expect(messageOf({ ...GOOD, region: 'de' })).toBe(`createProxy: "region" must be 'us' or 'eu', got "de"`);
    expect(messageOf({ ...GOOD, timeoutMs: undefined, maxEvents: Infinity })).toContain('got Infinity');
  });

  test.each(['rateLimit', 'metrics', 'writekey', 'customerToken'])(
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
  });

  test('must not publish the write key', () => {
    expect(messageOf({ writeKey: 'same', clientKeys: ['web', 'same'] })).toContain(
      'must not hold the write key',
    );
  });

  test('that are undefined are the defaults', () => {
    const names = [
      'region',
      'upstreamUrl',
      'origins',
      'basePath',
      'clientIp',
      'maxBodyBytes',
      'maxEvents',
      'maxEventBytes',
    ];
    const more = ['filter', 'transform', 'deliver', 'onLog', 'files', 'fetch', 'timeoutMs'];
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
