// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createForwarder, createProxy, type ProxyOptions } from '../../../src/proxy.ts';
import { SECRET } from './key-server.ts';

const REQUIRED: ProxyOptions = { writeKey: 'write-key', clientKeys: ['web'] };
const warn = vi.spyOn(console, 'warn');
const warnings = (): readonly unknown[] => warn.mock.calls.map(([text]) => text);

beforeEach(() => void warn.mockReset().mockReturnValue());
afterEach(() => void warn.mockReset());

const REST = 'without encryption: everybody on the way can read keys and events. Use https.';

test('URLs with http of other machines are warned of, each once', () => {
  createProxy({
    ...REQUIRED,
    upstreamUrl: 'http://cdp.internal:8080/path',
    customerToken: { jwksUrl: new URL('http://id.example.com/jwks') },
    appApi: { key: 'key', url: 'http://api.internal' },
    inApp: { siteId: 'site', url: 'http://in-app.internal' },
  });
  expect(warnings()).toEqual([
    `createProxy: "upstreamUrl" is http://cdp.internal:8080, ${REST}`,
    `createProxy: "appApi.url" is http://api.internal, ${REST}`,
    `createProxy: "inApp.url" is http://in-app.internal, ${REST}`,
    `createProxy: "customerToken.jwksUrl" is http://id.example.com, ${REST}`,
  ]);
});

test('the forwarder warns too', () => {
  createForwarder({ writeKey: 'write-key', upstreamUrl: 'http://cdp.internal' });
  expect(warnings()).toEqual([`createForwarder: "upstreamUrl" is http://cdp.internal, ${REST}`]);
});

test.each(['https://cdp.internal', 'http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:8080'])(
  '%s is no reason for a warning',
  (upstreamUrl) => {
    createProxy({ ...REQUIRED, upstreamUrl, customerToken: { secret: SECRET } });
    expect(warnings()).toEqual([]);
  },
);
