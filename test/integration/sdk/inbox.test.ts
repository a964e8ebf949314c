import { describe, expect, test, vi } from 'vitest';
import { settled } from '../../fakes/clock.ts';
import { openSite } from '../../fakes/site.ts';
import { bearersOf, inboxOf, provider, watchPage } from './setup.ts';

watchPage();

describe('the inbox', () => {
  test('is empty in the same tick as anonymize(), and then has the messages of the next person', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    server.respond(({ headers, path }) =>
      path === '/e/v1/batch' ? {} : inboxOf(`for-${headers.authorization}`),
    );
    void analytics.identify('ann');
    const heard: string[][] = [];
    const stop = analytics.inbox.onChange((messages) => void heard.push(messages.map(({ id }) => id)));
    await vi.waitFor(() => expect(heard).toEqual([['for-Bearer token-of-ann']]));
    const order: string[] = [];
    analytics.on('identity', () => void order.push(`${heard.length}`));
    analytics.anonymize();
    expect(heard[1]).toEqual([]);
    expect(order).toEqual(['2']);
    void analytics.identify('bob');
    expect(heard.slice(2)).toEqual([[]]);
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(['for-Bearer token-of-bob']));
    stop();
    const before = heard.length;
    analytics.anonymize();
    expect(heard).toHaveLength(before);
  });

  test('with a listener added before consent is read after the grant', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ consent: 'pending', customerToken: provider });
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : inboxOf('m1')));
    const heard: string[][] = [];
    void analytics.identify('ann');
    analytics.inbox.onChange((messages) => void heard.push(messages.map(({ id }) => id)));
    const stopped = vi.fn();
    analytics.inbox.onChange(stopped)();
    await settled(10);
    expect([heard, bearersOf(server)]).toEqual([[], []]);
    analytics.consent.grant();
    await vi.waitFor(() => expect(heard).toEqual([['m1']]));
    expect(stopped).not.toHaveBeenCalled();
  });

  test('reports a listener that throws, and calls the other listeners', async () => {
    const { open, server } = await openSite();
    const { analytics, told } = open({ customerToken: provider });
    server.respond(({ path }) => (path === '/e/v1/batch' ? {} : inboxOf('m1')));
    void analytics.identify('ann');
    analytics.inbox.onChange(() => {
      throw new Error('of the application');
    });
    const heard = vi.fn();
    analytics.inbox.onChange(heard);
    await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce());
    expect(told.error.map(({ code }) => code)).toEqual(['plugin-failed']);
  });

  test('and the attributes and topics are those of the proxy', async () => {
    const { open, server } = await openSite();
    const { analytics } = open({ customerToken: provider });
    void analytics.identify('ann');
    const topics = [{ id: '1', name: 'News', subscribed: false }];
    server.respond(({ path }) => {
      if (path === '/e/v1/inbox/fetch') return inboxOf('m1', 'm2');
      return { body: JSON.stringify({ attributes: { plan: 'pro' }, topics }) };
    });
    const { inbox, customer } = analytics;
    expect(await inbox.messages()).toMatchObject([{ id: 'm1' }, { id: 'm2' }]);
    await inbox.markAsRead('m1');
    await inbox.delete('m2');
    expect(await customer.attributes()).toEqual({ plan: 'pro' });
    expect(await customer.subscriptions({ 1: false })).toEqual(topics);
    const calls = server.received.filter(({ path }) => path !== '/e/v1/batch');
    expect(calls.map(({ path, text }) => [path, text])).toEqual([
      ['/e/v1/inbox/fetch', '{}'],
      ['/e/v1/inbox/mark-as-read', '{"id":"m1"}'],
      ['/e/v1/inbox/delete', '{"id":"m2"}'],
      ['/e/v1/customers/attributes', '{}'],
      ['/e/v1/consent/categories', '{"topics":[{"id":"1","subscribed":false}]}'],
      ['/e/v1/consent/categories', '{}'],
    ]);
  });
});
