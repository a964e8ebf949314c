import { describe, expect, test, vi } from 'vitest';
import { createAnalytics } from '../../../src/sdk/create-analytics.ts';
import { settled } from '../../fakes/clock.ts';
import { openSite } from '../../fakes/site.ts';
import { bearersOf, codeOf, provider, watchPage } from './setup.ts';

watchPage();

describe('a private call', () => {
  test('is sent to the proxy with the token, the key and no other identification', async () => {
    const { open, server, clientKey } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    server.respond({ status: 201, body: '{"fine":true}' });
    const response = await analytics.fetch('/v1/x?y=1', {
      method: 'POST',
      body: '{"a":1}',
      headers: { Authorization: 'Basic mine', 'X-Mine': 'yes' },
    });
    expect([response.status, await response.json()]).toEqual([201, { fine: true }]);
    const call = server.received.find(({ path }) => path === '/e/v1/x?y=1');
    expect(call).toMatchObject({
      method: 'POST',
      text: '{"a":1}',
      headers: {
        authorization: 'Bearer token-of-ann',
        'x-cio-client-key': clientKey,
        'x-mine': 'yes',
        'idempotency-key': expect.any(String) as string,
      },
    });
    expect(call?.headers.cookie).toBeUndefined();
  });

  test('reads the server time from its response', async () => {
    const { open, server } = await openSite();
    const serverMs = Date.now() - 3_600_000;
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor((serverMs + 7_200_000) / 1_000);
    const token = `${part({ alg: 'HS256' })}.${part({ sub: 'ann', exp })}.c2ln`;
    const { analytics } = open({ customerToken: () => token });
    void analytics.identify('ann');
    server.respond({ headers: { Date: new Date(serverMs).toUTCString() } });
    await analytics.fetch('/v1/x');
    const { expiresAtMs = 0 } = analytics.customerTokenStatus();
    expect(Math.abs(expiresAtMs - Date.now() - 7_200_000)).toBeLessThan(10_000);
  });

  test('never falls back to less authorization', async () => {
    const { open, server } = await openSite();
    const none = open();
    expect(await codeOf(none.analytics.fetch('/v1/x'))).toBe('anonymous');
    void none.analytics.identify('ann');
    expect(await codeOf(none.analytics.fetch('/v1/x'))).toBe('auth-disabled');
    none.analytics.anonymize();
    const nothing = open({ customerToken: () => null });
    expect(await codeOf(nothing.analytics.inbox.messages())).toBe('anonymous');
    void nothing.analytics.identify('ann');
    expect(await codeOf(nothing.analytics.inbox.messages())).toBe('token-unavailable');
    expect(bearersOf(server)).toEqual([]);
  });

  test.each(['pending', 'denied'] as const)('is not made with consent %s', async (consent) => {
    const { open, server } = await openSite();
    const { analytics } = open({ consent, customerToken: provider });
    void analytics.identify('ann');
    const { inbox, customer } = analytics;
    for (const call of [
      () => analytics.fetch('/v1/x'),
      () => inbox.messages(),
      () => inbox.markAsRead('m'),
      () => inbox.delete('m'),
      () => customer.attributes(),
      () => customer.subscriptions(),
    ])
      expect(await codeOf(call())).toBe('auth-disabled');
    inbox.onChange(() => undefined)();
    expect(await analytics.refreshCustomerToken()).toEqual({ state: 'none', userId: null });
    expect(server.received).toEqual([]);
  });

  test('is not made on a server', async () => {
    const page = Object.getOwnPropertyDescriptor(globalThis, 'document') ?? {};
    Object.defineProperty(globalThis, 'document', { value: undefined, configurable: true });
    const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'server', customerToken: provider });
    Object.defineProperty(globalThis, 'document', page);
    expect(await codeOf(analytics.fetch('/v1/x'))).toBe('auth-disabled');
    expect(await codeOf(analytics.customer.attributes())).toBe('auth-disabled');
    analytics.setCustomerToken('token');
    analytics.inbox.onChange(() => undefined)();
    expect(await analytics.refreshCustomerToken()).toEqual({ state: 'none', userId: null });
    expect(analytics.customerTokenStatus()).toEqual({ state: 'none', userId: null });
  });

  test.each([true, false])('is not made after close(), loaded before: %s', async (isLoaded) => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    if (isLoaded) await analytics.fetch('/v1/x');
    analytics.close();
    const before = bearersOf(server).length;
    expect(await codeOf(analytics.fetch('/v1/x'))).toBe('auth-disabled');
    expect(await codeOf(analytics.inbox.messages())).toBe('auth-disabled');
    expect(bearersOf(server)).toHaveLength(before);
  });

  test('in flight ends when consent is withdrawn', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : 'silence'));
    const read = codeOf(analytics.customer.attributes());
    await vi.waitFor(() => expect(bearersOf(server)).toHaveLength(1));
    analytics.consent.deny();
    expect(await read).toBe('auth-disabled');
  });

  test('that fails without a handler causes no unhandled rejection', async () => {
    const { open } = await openSite();
    const { analytics, told } = open({ customerToken: () => null });
    void analytics.identify('ann');
    void analytics.fetch('/v1/x');
    void analytics.fetch('https://evil.example.com/');
    void analytics.inbox.messages();
    void analytics.inbox.markAsRead('m');
    void analytics.customer.subscriptions({ 1: true });
    void analytics.refreshCustomerToken();
    analytics.inbox.onChange(() => undefined);
    analytics.setCustomerToken('token');
    analytics.anonymize();
    await vi.waitFor(() => expect(analytics.customerTokenStatus().state).toBe('anonymous'));
    await settled(10);
    expect(told.error).toEqual([]);
  });

  test.each(['//evil.example.com/x', '/../x', 'https://evil.example.com/', '', 'v1/x', undefined, 7])(
    'to %j is refused',
    async (path) => {
      const { open, server } = await openSite();
      const { analytics } = open({ customerToken: provider });
      void analytics.identify('ann');
      expect(await codeOf(analytics.fetch(path as string))).toBe('invalid-options');
      expect(bearersOf(server)).toEqual([]);
    },
  );
});
