import { describe, expect, test, vi } from 'vitest';
import { openSite } from '../../fakes/site.ts';
import { bearersOf, codeOf, inboxOf, provider, watchPage } from './setup.ts';

watchPage();

describe('another person who signs in in another tab', () => {
  test('ends the private calls of this tab, even if the first person is back by then', async () => {
    const { open, server } = await openSite();
    const [one, other] = [open({ customerToken: provider }), open({ customerToken: provider })];
    void one.analytics.identify('ann');
    await vi.waitFor(() => expect(other.analytics.user().id()).toBe('ann'));
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : 'silence'));
    const read = codeOf(other.analytics.fetch('/v1/x'));
    await vi.waitFor(() => expect(bearersOf(server)).toHaveLength(1));
    void one.analytics.identify('bob');
    void one.analytics.identify('ann');
    expect(await read).toBe('identity-changed');
  });

  test('does not receive a write that this tab made for the previous person', async () => {
    const { open, server } = await openSite();
    const [one, other] = [open({ customerToken: provider }), open({ customerToken: provider })];
    void one.analytics.identify('ann');
    await vi.waitFor(() => expect(other.analytics.user().id()).toBe('ann'));
    await other.analytics.fetch('/v1/x');
    // No message between the tabs has arrived yet, so only the cookie shows the change.
    void one.analytics.identify('bob');
    expect(await codeOf(other.analytics.customer.subscriptions({ 1: true }))).toBe('identity-changed');
    expect(bearersOf(server)).toEqual(['Bearer token-of-ann']);
    await other.analytics.fetch('/v1/x');
    expect(bearersOf(server)).toEqual(['Bearer token-of-ann', 'Bearer token-of-bob']);
  });

  test('empties the inbox here', async () => {
    const { open, server } = await openSite();
    const [one, other] = [open({ customerToken: provider }), open({ customerToken: provider })];
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : inboxOf('m1')));
    void one.analytics.identify('ann');
    const heard: number[] = [];
    other.analytics.inbox.onChange((messages) => void heard.push(messages.length));
    await vi.waitFor(() => expect(heard.at(-1)).toBe(1));
    one.analytics.anonymize();
    await vi.waitFor(() => expect(heard.at(-1)).toBe(0));
  });
});
