import { describe, expect, test, vi } from 'vitest';
import { settled } from '../../fakes/clock.ts';
import { openSite } from '../../fakes/site.ts';
import { bearersOf, codeOf, recordsOf, watchPage } from './setup.ts';

watchPage();

describe('the customer token', () => {
  test.each(['granted', 'pending'] as const)(
    'that is passed to identify() is used, and is not part of the event, with consent %s',
    async (consent) => {
      const { open, server } = await openSite();
      const { analytics, delivered } = open({ consent });
      const options = { token: 'token-of-ann', context: { own: true } };
      const seen: unknown[] = [];
      analytics.on('identify', (...args) => void seen.push(args));
      void analytics.identify('ann', { plan: 'pro' }, options);
      analytics.consent.grant();
      expect((await analytics.fetch('/v1/x')).status).toBe(200);
      await delivered(1);
      expect(bearersOf(server)).toEqual(['Bearer token-of-ann']);
      expect(server.taken).toMatchObject([
        { userId: 'ann', traits: { plan: 'pro' }, context: { own: true } },
      ]);
      expect(JSON.stringify([server.taken, seen])).not.toContain('token-of-ann');
      expect(options.token).toBe('token-of-ann');
    },
  );

  test('that is passed to identify(traits, options) is not part of the event either', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered } = open();
    void analytics.identify('ann');
    void analytics.identify(
      { plan: 'pro', token: 'a trait' },
      { token: 'token-of-ann', context: { own: true } },
    );
    expect((await analytics.fetch('/v1/x')).status).toBe(200);
    await delivered(2);
    expect(bearersOf(server)).toEqual(['Bearer token-of-ann']);
    expect(server.taken[1]).toMatchObject({ traits: { token: 'a trait' }, context: { own: true } });
    expect(JSON.stringify(server.taken)).not.toContain('token-of-ann');
  });

  test('can be set, renewed and cleared, and never appears in events of the SDK', async () => {
    const { open, server } = await openSite();
    let asked = 0;
    const { analytics, told } = open({ customerToken: () => `provided-${++asked}` });
    void analytics.identify('ann');
    analytics.setCustomerToken('pushed');
    await analytics.fetch('/v1/x');
    expect(asked).toBe(0);
    const renewed = await analytics.refreshCustomerToken();
    expect(renewed).toMatchObject({ state: 'usable', userId: 'ann' });
    expect(analytics.customerTokenStatus()).toMatchObject({ state: 'usable', userId: 'ann' });
    await analytics.fetch('/v1/x');
    analytics.setCustomerToken(null);
    await vi.waitFor(() => expect(told.token.map(({ type }) => type)).toContain('cleared'));
    expect(analytics.customerTokenStatus()).toEqual({ state: 'none', userId: 'ann' });
    await analytics.fetch('/v1/x');
    expect(bearersOf(server)).toEqual(['Bearer pushed', 'Bearer provided-1', 'Bearer provided-2']);
    expect(JSON.stringify([told, renewed, analytics.customerTokenStatus()])).not.toMatch(/pushed|provided-/);
  });

  test('that the proxy refuses is replaced once', async () => {
    const { open, server } = await openSite();
    let asked = 0;
    const { analytics, told } = open({ customerToken: () => `provided-${++asked}` });
    void analytics.identify('ann');
    server.respond(({ headers }) => ({
      status: headers.authorization === 'Bearer provided-2' ? 200 : 401,
      body: '{"error":"invalid_token"}',
    }));
    const response = await analytics.fetch('/v1/x', { method: 'POST' });
    expect(response.status).toBe(200);
    const keys = server.received
      .filter(({ path }) => path === '/e/v1/x')
      .map(({ headers }) => headers['idempotency-key']);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    expect(told.token).toMatchObject([
      { type: 'refreshed' },
      { type: 'invalid', status: 401, path: '/v1/x' },
      { type: 'refreshed' },
    ]);
    server.respond({ status: 401 });
    expect(await codeOf(analytics.fetch('/v1/x'))).toBe('token-rejected');
  });

  test('stays when the proxy refuses the client key', async () => {
    const { open, server } = await openSite();
    // In happy-dom, the clone of a network response is empty.
    const original = fetch;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
      const response = await original(...given);
      const { status, headers } = response;
      return new Response(await response.text(), { status, headers });
    });
    const { analytics, told } = open({ customerToken: () => 'token' });
    void analytics.identify('ann');
    await analytics.flush();
    server.respond({ status: 401, body: '{"error":"invalid_client_key"}' });
    expect((await analytics.fetch('/v1/x')).status).toBe(401);
    expect(bearersOf(server)).toHaveLength(1);
    expect(told.error.map(({ code }) => code)).toEqual(['invalid-client-key']);
    expect(analytics.customerTokenStatus().state).toBe('usable');
  });

  test('is in the header of private calls, and nowhere else', async () => {
    const SECRET = 'S3CR3T';
    const lines: unknown[] = [];
    for (const method of ['log', 'info', 'debug', 'warn', 'error', 'groupCollapsed', 'group'] as const)
      vi.spyOn(console, method).mockImplementation((...line: readonly unknown[]) => void lines.push(line));
    const { open, server, databases } = await openSite();
    const errors: unknown[] = [];
    let asked = 0;
    const tab = open({
      debug: true,
      customerToken: ({ userId }) => `${SECRET}-${userId}-${++asked}`,
      delivery: { flushIntervalMs: 60_000 },
    });
    const other = open({ customerToken: () => `${SECRET}-other` });
    const { analytics } = tab;
    const note = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => undefined,
        (cause: unknown) => void errors.push(cause, (cause as Error).message, (cause as Error).cause),
      );
    for (const name of ['identify', 'track', 'reset'])
      analytics.on(name, (...args: readonly unknown[]) => void lines.push(args));

    analytics.setCustomerToken(`${SECRET}-for-nobody`);
    void analytics.identify('ann', { plan: 'pro' }, { token: `${SECRET}-pushed` });
    void analytics.identify({ plan: 'pro' }, { token: `${SECRET}-traits` });
    void analytics.track('E');
    await note(analytics.fetch('/v1/x', { method: 'POST', body: '{}' }));
    server.respond({ status: 401, body: '{"error":"invalid_token"}' });
    await note(analytics.fetch('/v1/x'));
    await note(analytics.inbox.messages());
    server.respond({ status: 403, body: '{"error":"subject_mismatch"}' });
    analytics.setCustomerToken({ token: `${SECRET}-again`, expiresIn: 600 });
    await note(analytics.customer.attributes());
    server.respond({ status: 500, body: 'no' });
    await note(analytics.customer.subscriptions({ 1: true }));
    server.respond('hang-up');
    await note(analytics.customer.attributes());
    server.respond({});
    analytics.setCustomerToken(`${SECRET} with a space`);
    analytics.setCustomerToken(`${SECRET}-again`);
    await note(analytics.refreshCustomerToken());
    await note(analytics.fetch(`//evil.example.com/x`));
    void other.analytics.inbox.messages();
    analytics.inbox.onChange(() => undefined);
    // The earlier events are sent first, so that the last call is alone in the lifeboat.
    await analytics.flush({ timeoutMs: 1_000 });
    void analytics.track('last');
    window.dispatchEvent(new Event('pagehide'));
    const left = JSON.stringify(Object.entries(localStorage));
    await settled(10);
    await analytics.flush({ timeoutMs: 200 });
    void analytics.identify('bob');
    analytics.anonymize();
    await settled(10);
    // The module that prints the lines may have been loaded only now.
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(20), 10_000);

    const places = {
      left,
      cookies: document.cookie,
      localStorage: JSON.stringify(Object.entries(localStorage)),
      records: await recordsOf(await databases()),
      lines: JSON.stringify(lines) + lines.map(String).join(),
      errors: JSON.stringify(errors) + errors.map(String).join(),
      told:
        JSON.stringify([tab.told, other.told]) + [...tab.told.error, ...other.told.error].map(String).join(),
      status: JSON.stringify([analytics.customerTokenStatus(), other.analytics.customerTokenStatus()]),
      stats: JSON.stringify(analytics.stats()),
      bodies: JSON.stringify(server.received.map(({ text, path }) => [text, path])),
      headers: JSON.stringify(
        server.received.map(({ path, headers }) => ({
          ...headers,
          ...(path !== '/e/v1/batch' && { authorization: '' }),
        })),
      ),
    };
    for (const [place, text] of Object.entries(places)) expect(text, place).not.toContain(SECRET);
    // Each place must contain the data in which the token could have appeared.
    expect(bearersOf(server).length).toBeGreaterThan(8);
    expect(bearersOf(server).every((header) => header?.startsWith(`Bearer ${SECRET}`))).toBe(true);
    expect(errors.length).toBeGreaterThan(8);
    expect(left).toContain('lifeboat');
    expect(tab.told.token.length).toBeGreaterThan(4);
    expect(places.bodies).toContain('\\"event\\":\\"E\\"');
  });
});
