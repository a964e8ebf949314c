import { describe, expect, test, vi } from 'vitest';
import { openSite } from '../../fakes/site.ts';
import { watchPage } from './setup.ts';

watchPage();

describe('the visitor', () => {
  test('is reported when it changes, and events keep the identity of their call', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered, told } = open();
    void analytics.track('a');
    void analytics.identify('u1');
    void analytics.track('b');
    void analytics.identify('u2');
    void analytics.track('c');
    analytics.anonymize();
    void analytics.track('d');
    await delivered(6);
    const who = server.taken
      .filter(({ type }) => type === 'track')
      .map(({ userId, anonymousId }) => [userId, anonymousId]);
    expect(who.map(([userId]) => userId)).toEqual([undefined, 'u1', 'u2', undefined]);
    expect(who[0]?.[1]).toBe(who[1]?.[1]);
    expect(new Set(who.map(([, anonymousId]) => anonymousId)).size).toBe(3);
    expect(told.identity.map(({ userId }) => userId)).toEqual(['u1', 'u2', null]);
  });

  test('is the same in the other tabs', async () => {
    const { open } = await openSite();
    const [one, other] = [open(), open()];
    expect(one.analytics.user().anonymousId()).toBe(other.analytics.user().anonymousId());
    void one.analytics.identify('u1');
    await vi.waitFor(() => expect(other.analytics.user().id()).toBe('u1'));
    other.analytics.anonymize();
    await vi.waitFor(() => expect(one.analytics.user().id()).toBeNull());
    expect(one.analytics.user().anonymousId()).toBe(other.analytics.user().anonymousId());
  });

  test('stays the same if the browser stores nothing, also when the page is shown again', async () => {
    const { open } = await openSite();
    vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
      throw new Error('SecurityError');
    });
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('SecurityError');
    });
    vi.spyOn(document, 'cookie', 'get').mockReturnValue('');
    const { analytics, told } = open();
    void analytics.identify('u1', { plan: 'pro' });
    const anonymousId = analytics.user().anonymousId();
    document.dispatchEvent(new Event('visibilitychange'));
    window.dispatchEvent(new Event('storage'));
    expect([analytics.user().id(), analytics.user().anonymousId()]).toEqual(['u1', anonymousId]);
    expect(analytics.user().traits()).toEqual({ plan: 'pro' });
    expect(told.identity).toHaveLength(1);
  });

  test('has an anonymous id that can be set', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    expect(analytics.setAnonymousId('mine')).toBe('mine');
    expect(analytics.setAnonymousId()).toBe('mine');
    const pending = open({ consent: 'pending' });
    expect(pending.analytics.setAnonymousId('other')).toBeNull();
  });

  test('can be in a group', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    expect(analytics.group().id()).toBeNull();
    await analytics.group('g1', { name: 'G' });
    expect([analytics.group().id(), analytics.group().traits()]).toEqual(['g1', { name: 'G' }]);
  });

  test('keeps a group that is only in memory, also when the page is shown again', async () => {
    const { open } = await openSite();
    const { analytics } = open({ group: { persist: false } });
    await analytics.group('g1', { name: 'G' });
    document.dispatchEvent(new Event('visibilitychange'));
    expect([analytics.group().id(), analytics.group().traits()]).toEqual(['g1', { name: 'G' }]);
  });
});
