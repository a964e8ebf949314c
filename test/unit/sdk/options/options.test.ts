// @vitest-environment node
import { describe, expect, test } from 'vitest';
import {
  type AnalyticsOptions,
  type Mistake,
  resolveAnalyticsOptions,
  type AnalyticsSettings,
} from '../../../../src/sdk/options/options.ts';
import { create as explain } from '../../../../src/sdk/options/explain-mistakes.ts';

const PAGE = 'https://shop.example.com/shoes/item?size=42#top';

function resolve(options: Readonly<Record<string, unknown>>, page = PAGE): AnalyticsSettings {
  const mistakes: Mistake[] = [];
  const given = { proxyUrl: '/e', clientKey: 'web', ...options };
  const settings = resolveAnalyticsOptions(given, page, (...mistake) => void mistakes.push(mistake));
  expect(mistakes).toEqual([]);
  return settings;
}

function refusal(options: unknown, page = PAGE): { readonly message: string } {
  const mistakes: Mistake[] = [];
  resolveAnalyticsOptions(options as AnalyticsOptions, page, (...mistake) => void mistakes.push(mistake));
  expect(mistakes).not.toEqual([]);
  return explain(mistakes, page);
}

test('what is not given is completed', () => {
  expect(resolve({})).toEqual({
    proxyUrl: 'https://shop.example.com/e',
    clientKey: 'web',
    consent: 'granted',
    pageViews: { mode: 'manual', hash: false, search: true, replace: true },
    delivery: {
      maxBatchEvents: 100,
      maxBatchBytes: 475_000,
      flushIntervalMs: 1_000,
      requestTimeoutMs: 15_000,
      compression: 'auto',
      authorization: 'client-key',
      clientKeyHeader: 'Authorization',
      credentials: 'omit',
    },
    outbox: { storage: 'indexeddb', maxEvents: 10_000, maxBytes: 10_485_760, maxAgeMs: 604_800_000 },
    beforeSend: undefined,
    plugins: [],
    user: {},
    group: {},
    cookie: {},
    integrations: {},
    debug: false,
  });
});

test('undefined means the default', () => {
  const settings = resolve({
    consent: undefined,
    delivery: { flushIntervalMs: undefined },
    outbox: undefined,
    plugins: undefined,
  });
  expect(settings).toEqual(resolve({}));
});

test('a customer token comes from a function, an object that gets it, or either as provider', () => {
  const provider = (): string => 'jwt';
  const source = { getCustomerToken: provider };
  for (const customerToken of [provider, source, { provider }, { provider: source, timeoutMs: 5 }])
    expect(resolve({ customerToken })).toMatchObject({ customerToken });
});

test('page views are a word, or an object that says more', () => {
  expect(resolve({ pageViews: 'history' }).pageViews).toEqual({
    mode: 'history',
    hash: false,
    search: true,
    replace: true,
  });
  expect(resolve({ pageViews: { mode: 'load' } }).pageViews).toEqual({
    mode: 'load',
    hash: false,
    search: true,
    replace: true,
  });
  expect(resolve({ pageViews: { mode: 'history', hash: true, search: false } }).pageViews).toEqual({
    mode: 'history',
    hash: true,
    search: false,
    replace: true,
  });
});

test('what is given is used, and the defaults stay what they are', () => {
  const beforeSend = (): null => null;
  const given = {
    consent: 'pending',
    delivery: { maxBatchEvents: 7 },
    outbox: { storage: 'memory' },
    beforeSend,
    debug: true,
  };
  expect(resolve(given)).toMatchObject(given);
  expect(resolve({}).delivery.maxBatchEvents).toBe(100);
});

const provideNone = (): null => null;

describe('proxyUrl', () => {
  test.each([
    ['https://events.example.com', 'https://events.example.com'],
    ['https://events.example.com/', 'https://events.example.com'],
    ['https://events.example.com/a/b//', 'https://events.example.com/a/b'],
    ['http://localhost:8080/e', 'http://localhost:8080/e'],
    ['/e', 'https://shop.example.com/e'],
    ['/e/', 'https://shop.example.com/e'],
    ['/', 'https://shop.example.com'],
    ['//events.example.com/e', 'https://events.example.com/e'],
    [new URL('https://events.example.com/e/?x=1#y'), 'https://events.example.com/e'],
    ['HTTPS://Events.Example.COM/E', 'https://events.example.com/E'],
    ['https://user:secret@events.example.com/e', 'https://events.example.com/e'],
  ])('%s is %s', (proxyUrl, resolved) => {
    expect(resolve({ proxyUrl }).proxyUrl).toBe(resolved);
  });

  test.each([
    undefined,
    null,
    '',
    0,
    {},
    'ftp://example.com',
    'javascript:alert(1)',
    'data:,x',
    'https://',
    'http://:80',
  ])('%j is refused', (proxyUrl) => {
    expect(refusal({ proxyUrl, clientKey: 'web' }).message).toContain('"proxyUrl"');
  });

  test.each(['events.example.com', 'events.example.com/e', 'e'])(
    '%s is neither an address nor a path of this origin',
    (proxyUrl) => {
      expect(refusal({ proxyUrl, clientKey: 'web' }).message).toContain(`"${proxyUrl}"`);
    },
  );
});

describe('a wrong option is named, with what came', () => {
  test.each([
    [undefined, 'options', 'undefined'],
    [null, 'options', 'null'],
    ['x', 'options', '"x"'],
    [{ proxyUrl: '/e' }, 'clientKey', 'undefined'],
    [{ proxyUrl: '/e', clientKey: '' }, 'clientKey', '""'],
    [{ proxyUrl: '/e', clientKey: 'a:b' }, 'clientKey', 'a text of 3 characters'],
    [{ proxyUrl: '/e', clientKey: 7 }, 'clientKey', '7'],
  ])('%j', (options, name, came) => {
    const { message } = refusal(options);
    expect(message).toContain('errors/invalid-options');
    expect(message).toContain(`"${name}"`);
    expect(message).toContain(`got ${came}`);
  });

  test.each([
    [{ consent: 'maybe' }, 'consent', '"maybe"'],
    [{ consent: null }, 'consent', 'null'],
    [{ consent: ['granted'] }, 'consent', 'a list'],
    [{ delivery: 5 }, 'delivery', '5'],
    [{ delivery: null }, 'delivery', 'null'],
    [{ delivery: { flushIntervalMs: 0 } }, 'delivery.flushIntervalMs', '0'],
    [{ delivery: { flushIntervalMs: -1 } }, 'delivery.flushIntervalMs', '-1'],
    [{ delivery: { flushIntervalMs: 1.5 } }, 'delivery.flushIntervalMs', '1.5'],
    [{ delivery: { flushIntervalMs: '10' } }, 'delivery.flushIntervalMs', '"10"'],
    [{ delivery: { maxBatchEvents: Number.NaN } }, 'delivery.maxBatchEvents', 'NaN'],
    [{ delivery: { maxBatchBytes: Infinity } }, 'delivery.maxBatchBytes', 'Infinity'],
    [{ delivery: { compression: 'gzip' } }, 'delivery.compression', '"gzip"'],
    [{ delivery: { authorization: 'bearer' } }, 'delivery.authorization', '"bearer"'],
    [{ outbox: 'memory' }, 'outbox', '"memory"'],
    [{ pageViews: 'auto' }, 'pageViews.mode', '"auto"'],
    [{ pageViews: true }, 'pageViews.mode', 'true'],
    [{ pageViews: null }, 'pageViews.mode', 'null'],
    [{ pageViews: { mode: 'history', hash: 'yes' } }, 'pageViews.hash', '"yes"'],
    [{ pageViews: { mode: 'history', search: 0 } }, 'pageViews.search', '0'],
    [{ pageViews: { mode: 'history', replace: null } }, 'pageViews.replace', 'null'],
    [{ outbox: { storage: 'disk' } }, 'outbox.storage', '"disk"'],
    [{ outbox: { maxAgeMs: null } }, 'outbox.maxAgeMs', 'null'],
    [{ beforeSend: 'x' }, 'beforeSend', '"x"'],
    [{ beforeSend: null }, 'beforeSend', 'null'],
    [{ customerToken: 'jwt' }, 'customerToken', 'a text of 3 characters'],
    [{ customerToken: null }, 'customerToken', 'null'],
    [{ customerToken: {} }, 'customerToken', 'an object'],
    [{ customerToken: { timeoutMs: 5 } }, 'customerToken', 'an object'],
    [{ customerToken: { provider: 'jwt' } }, 'customerToken', 'an object'],
    [{ customerToken: { provider: null } }, 'customerToken', 'an object'],
    [{ customerToken: { provider: {} } }, 'customerToken', 'an object'],
    [{ customerToken: { provider: provideNone, timeoutMs: 0 } }, 'customerToken.timeoutMs', '0'],
    [
      { customerToken: { provider: provideNone, idleMs: 'long' } },
      'customerToken.idleMs',
      'a text of 4 characters',
    ],
    [{ writeKey: 'secret' }, 'writeKey', 'a text of 6 characters'],
    [{ customerToken: { provider: provideNone, hardRatio: null } }, 'customerToken.hardRatio', 'null'],
    [{ plugins: {} }, 'plugins', 'an object'],
    [{ plugins: [{}] }, 'plugins', 'a list'],
    [{ plugins: [null] }, 'plugins', 'a list'],
    [{ plugins: () => [] }, 'plugins', 'a function'],
    [{ user: 'u1' }, 'user', '"u1"'],
    [{ cookie: null }, 'cookie', 'null'],
    [{ integrations: true }, 'integrations', 'true'],
    [{ debug: 'yes' }, 'debug', '"yes"'],
  ])('%j', (options, name, came) => {
    const { message } = refusal({ proxyUrl: '/e', clientKey: 'web', ...options });
    expect(message).toContain('errors/invalid-options');
    expect(message).toContain(`"${name}"`);
    expect(message).toContain(`got ${came}`);
  });

  test.each([
    [{ flushInterval: 5 }, 'flushInterval'],
    [{ writeKey: 'secret' }, 'writeKey'],
    [{ delivery: { batchSize: 5 } }, 'delivery.batchSize'],
    [{ outbox: { maxEvent: 5 } }, 'outbox.maxEvent'],
    [{ pageViews: { mode: 'load', has: true } }, 'pageViews.has'],
    [{ delivery: { toString: 5 } }, 'delivery.toString'],
  ])('%j is not known', (options, name) => {
    expect(refusal({ proxyUrl: '/e', clientKey: 'web', ...options }).message).toContain(`"${name}"`);
  });

  test('without its payload', () => {
    expect(refusal({ proxyUrl: '/e', clientKey: 'web', user: Symbol('secret') }).message).not.toContain(
      'object Object',
    );
    expect(refusal({ proxyUrl: '/e', clientKey: 'web', consent: { token: 'secret' } }).message).not.toContain(
      'secret',
    );
  });
});
