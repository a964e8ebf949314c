// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { migrated, withImport, withOurImport } from './migrated.ts';

const after = (args: string): { readonly code: string; readonly byHand: readonly string[] } => {
  const { code, byHand } = migrated('a.ts', withImport(`const a = AnalyticsBrowser.load(${args});`));
  return { code: code.replace(/^.*\n/, '').replace('const a = ', '').trim(), byHand };
};

describe('the options of load', () => {
  test.each([
    ["{ writeKey: 'k', cdnURL: 'https://cdp.customer.io', timeout: 300 }", ''],
    ["{ writeKey: 'k' }, { retryQueue: false, obfuscate: true, useQueryString: false }", ''],
    ["{ writeKey: 'k' }, { initialPageview: true }", ", pageViews: 'load'"],
    ["{ writeKey: 'k' }, { initialPageview: false }", ''],
    ["{ writeKey: 'k' }, { initialPageview: isPage }", ", pageViews: isPage ? 'load' : 'manual'"],
    ["{ writeKey: 'k' }, { user: { persist: false } }", ', user: { persist: false }'],
    ["{ writeKey: 'k' }, { cookie, group: { disable: true } }", ', cookie, group: { disable: true }'],
    ["{ writeKey: 'k', plugins: [plugin] }", ', plugins: [plugin]'],
    ["{ writeKey: 'k' } as Settings, { cookie } satisfies Options", ', cookie'],
    ["{ writeKey: 'k' }, { integrations: { 'Customer.io Data Pipelines': { apiHost: 'x' } } }", ''],
    ["{ writeKey: 'k' }, { integrations: { Amplitude: false } }", ', integrations: { Amplitude: false }'],
    [
      "{ writeKey: 'k' }, { integrations: { 'Customer.io In-App Plugin': { siteId: 's' } } }",
      ', inApp: true',
    ],
    [
      "{ writeKey: 'k' }, { integrations: { 'Customer.io In-App Plugin': { siteId, events } } }",
      ', inApp: { events }',
    ],
    ["{ writeKey: 'k' }, { integrations: { 'Customer.io In-App Plugin': { enabled: false } } }", ''],
  ])('%s', (args, more) => {
    expect(after(args)).toEqual({
      code: `createAnalytics({ proxyUrl: '/e', clientKey: 'web'${more} });`,
      byHand: [],
    });
  });

  test('a long call has one option in a line, with the indentation of the file', () => {
    const { code } = migrated(
      'a.js',
      withImport(`function start() {
\tconst a = AnalyticsBrowser.load(
\t\t{ writeKey: 'k' },
\t\t{
\t\t\tinitialPageview: true,
\t\t\tuser: {
\t\t\t\tpersist: false,
\t\t\t},
\t\t},
\t);
}`),
    );
    expect(code).toBe(
      withOurImport(`function start() {
\tconst a = createAnalytics({
\t\tproxyUrl: '/e',
\t\tclientKey: 'web',
\t\tpageViews: 'load',
\t\tuser: {
\t\t\tpersist: false,
\t\t},
\t});
}`),
    );
  });

  test('disableClientPersistence keeps everything in memory', () => {
    expect(after("{ writeKey: 'k' }, { disableClientPersistence: true }").code.replaceAll(/\s+/g, ' ')).toBe(
      "createAnalytics({ proxyUrl: '/e', clientKey: 'web', user: { persist: false }, group: { persist: false }, outbox: { storage: 'memory' }, });",
    );
  });

  test.each([
    ["{ writeKey: 'k', classicIntegrations: [x] }", 'Device-mode destinations do not work'],
    ["{ writeKey: 'k' }, { plan }", 'There is no tracking plan'],
    ["{ writeKey: 'k' }, { globalAnalyticsKey: 'x' }", 'sets no global variable'],
    ["{ writeKey: 'k' }, { nobodyKnows: 1 }", '`nobodyKnows` is no option of this SDK'],
    ["{ writeKey: 'k' }, { disableClientPersistence: x }", '`disableClientPersistence` has no counterpart'],
    ["{ writeKey: 'k' }, { integrations }", 'Check `integrations`'],
    [
      "{ writeKey: 'k' }, { integrations: { 'Customer.io In-App Plugin': { siteId: 's', _logging: true } } }",
      '`_logging` is no option of `inApp`',
    ],
    ["{ writeKey: 'k' }, { integrations: { 'Customer.io Data Pipelines': false } }", 'stops all events'],
  ])('%s is listed', (args, advice) => {
    expect(after(args).byHand).toEqual([expect.stringContaining(advice)]);
  });

  test.each([
    'settings',
    "{ writeKey: 'k', ...more }",
    "{ writeKey: 'k' }, options",
    "{ ['writeKey']: 'k' }",
    '',
  ])('load(%s), whose options are not written out, stays and is listed', (args) => {
    const code = withImport(`AnalyticsBrowser.load(${args});`);
    const result = migrated('a.ts', code);
    expect(result.code).toBe(code);
    expect(result.byHand).toEqual([expect.stringMatching(/^2: The options of `load` are not written out/)]);
  });

  test('the region of the account is an option of the proxy', () => {
    const next = (url: string): string | undefined =>
      migrated('a.ts', withImport(`AnalyticsBrowser.load({ cdnURL: ${url}, writeKey: x });`)).next[0];
    expect(next("'https://cdp-eu.customer.io'")).toBe('2: The region is eu: set CIO_REGION=eu at the proxy.');
    expect(next('process.env.CDN')).toContain('CIO_REGION or CIO_UPSTREAM_URL');
  });
});
