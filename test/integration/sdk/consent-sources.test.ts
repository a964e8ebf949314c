import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ConsentDecision, ConsentSource } from '../../../src/sdk/consent/source.ts';
import { createAnalytics } from '../../../src/sdk/create-analytics.ts';
import { openSite } from '../../fakes/site.ts';

interface Banner extends ConsentSource {
  choose(decision: ConsentDecision): void;
  isHeard(): boolean;
}

function makeBanner(current?: ConsentDecision): Banner {
  const listeners = new Set<(decision: ConsentDecision) => void>();
  return {
    name: 'banner',
    get: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    choose(decision) {
      current = decision;
      for (const listener of listeners) listener(decision);
    },
    isHeard: () => listeners.size > 0,
  };
}

const privacyControl: ConsentSource = {
  name: 'signal',
  onlyDenies: true,
  get: () => ({ state: 'denied' }),
  subscribe: () => () => undefined,
};

const granted = (categories?: Readonly<Record<string, boolean>>): ConsentDecision => ({
  state: 'granted',
  ...(categories ? { categories } : {}),
});

afterEach(() => vi.restoreAllMocks());

describe('createAnalytics with consent sources', () => {
  test('waits for the decision, and applies it', async () => {
    const { open, server } = await openSite();
    const banner = makeBanner();
    const { analytics, delivered, told } = open({ consent: banner });
    expect((await analytics.track('a')).state).toBe('held');
    banner.choose(granted());
    await analytics.track('b');
    await delivered(2);
    banner.choose({ state: 'denied' });
    expect((await analytics.track('c')).reason).toBe('consent');
    banner.choose(granted());
    await analytics.track('d');
    await delivered(3);
    expect(server.taken.map(({ event }) => event)).toEqual(['a', 'b', 'd']);
    expect(told.consent.map(({ state }) => state)).toEqual(['granted', 'denied', 'granted']);
  });

  test('applies a decision that exists already', async () => {
    const { open } = await openSite();
    const { analytics } = open({ consent: makeBanner(granted()) });
    expect(analytics.consent.state).toBe('granted');
    expect((await analytics.track('a')).state).toBe('stored');
  });

  test('needs the consent of all of several sources, and one denial is enough to deny', async () => {
    const { open } = await openSite();
    const [one, other] = [makeBanner(granted()), makeBanner()];
    const { analytics } = open({ consent: [one, other] });
    expect(analytics.consent.state).toBe('pending');
    other.choose(granted());
    expect(analytics.consent.state).toBe('granted');
    one.choose({ state: 'denied' });
    expect(analytics.consent.state).toBe('denied');
  });

  test('applies a denial of a signal that can only deny', async () => {
    const { open } = await openSite();
    const { analytics } = open({ consent: [makeBanner(granted()), privacyControl] });
    expect(analytics.consent.state).toBe('denied');
  });

  test('gives a direct call of the page priority over sources', async () => {
    const { open } = await openSite();
    const banner = makeBanner({ state: 'denied' });
    const { analytics } = open({ consent: [banner, privacyControl] });
    analytics.consent.grant();
    expect(analytics.consent.state).toBe('granted');
  });

  test('ignores sources after close()', async () => {
    const { open, databases } = await openSite();
    const banner = makeBanner();
    const { analytics } = open({ consent: banner });
    analytics.close();
    expect(banner.isHeard()).toBe(false);
    banner.choose(granted());
    expect(analytics.consent.state).toBe('pending');
    expect(await databases()).toEqual([]);
  });

  test('waits, and emits an error, if a source throws', async () => {
    const { open } = await openSite();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const broken: ConsentSource = {
      name: 'broken',
      get: () => granted(),
      subscribe() {
        throw new Error('no banner');
      },
    };
    const { analytics } = open({ consent: [broken] });
    expect(analytics.consent.state).toBe('pending');
    expect(warn.mock.calls.flat().join()).toContain('"broken"');
  });

  test.each([[[]], [[privacyControl]], [privacyControl], [{}], ['maybe'], [null], [[null]], [7]])(
    'refuses %j, and names it',
    async (consent) => {
      await openSite();
      const print = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const analytics = createAnalytics({
        proxyUrl: '/e',
        clientKey: 'k',
        consent: consent as unknown as 'granted',
      });
      expect(await analytics.track('E')).toMatchObject({ state: 'discarded', reason: 'invalid-options' });
      await vi.waitFor(() => expect(print.mock.calls.join()).toContain('"consent"'));
      print.mockRestore();
    },
  );
});

describe('the categories of a decision', () => {
  test('are added to each event, as they were at its call', async () => {
    const { open, server } = await openSite();
    const banner = makeBanner(granted({ C0002: true, C0004: false }));
    const { analytics, delivered } = open({ consent: banner });
    void analytics.track('a');
    banner.choose(granted({ C0002: true, C0004: true }));
    void analytics.track('b');
    await delivered(4);
    expect(
      server.taken.map(({ event, context }) => [event, (context as Record<string, unknown>)['consent']]),
    ).toEqual([
      ['Consent Updated', { categoryPreferences: { C0002: true, C0004: false } }],
      ['a', { categoryPreferences: { C0002: true, C0004: false } }],
      ['Consent Updated', { categoryPreferences: { C0002: true, C0004: true } }],
      ['b', { categoryPreferences: { C0002: true, C0004: true } }],
    ]);
  });

  test('are sent once: the next page without a change sends nothing', async () => {
    const { open, server } = await openSite();
    const choices = granted({ C0002: true });
    const first = open({ consent: makeBanner(choices) });
    await first.delivered(1);
    first.analytics.close();
    const { analytics, delivered } = open({ consent: makeBanner(choices) });
    void analytics.track('a');
    await delivered(1);
    expect(server.taken.map(({ event }) => event)).toEqual(['Consent Updated', 'a']);
  });

  test('with `analytics` off drop events, and keep the identity', async () => {
    const { open } = await openSite();
    const { analytics, told } = open({ consent: makeBanner(granted({ analytics: false, messaging: true })) });
    const receipts = await Promise.all([analytics.identify('u1'), analytics.track('a'), analytics.page()]);
    expect(receipts.map(({ reason }) => reason)).toEqual(['consent', 'consent', 'consent']);
    expect(analytics.user().id()).toBe('u1');
    expect(told.dropped).toHaveLength(3);
    // The change of the decision is the fourth dropped event.
    expect(analytics.stats()).toMatchObject({ tracked: 4, pending: 0, dropped: { consent: 4 } });
  });

  test('that are changed to off withdraw what they had allowed', async () => {
    const { open, server } = await openSite();
    const banner = makeBanner(granted({ analytics: true, messaging: true }));
    const { analytics, told } = open({ consent: banner });
    server.respond({ status: 503 });
    await analytics.identify('u1');
    banner.choose(granted({ analytics: false, messaging: true }));
    expect(analytics.consent.state).toBe('granted');
    expect(analytics.user().id()).toBeNull();
    await vi.waitFor(() => expect(analytics.stats()).toMatchObject({ pending: 0 }));
    expect(told.dropped.every(({ reason }) => reason === 'consent')).toBe(true);
    expect(server.taken).toEqual([]);
  });

  test.each([['analytics'], [7], [{}], [[]], [undefined]])(
    'are empty if grant() is given %o',
    async (given) => {
      const { open } = await openSite();
      const { analytics, told } = open({ consent: 'pending' });
      analytics.consent.grant(given as readonly string[]);
      expect(told.consent).toEqual([{ state: 'granted', categories: {} }]);
    },
  );
});

describe('a denial', () => {
  test('deletes the data of an earlier visit, and does nothing else', async () => {
    const { open, databases, server, locks, clientKey } = await openSite();
    const first = open();
    await first.analytics.identify('u1');
    await first.delivered(1);
    first.analytics.close();
    const { analytics } = open({ consent: makeBanner({ state: 'denied' }) });
    expect(analytics.consent.state).toBe('denied');
    await vi.waitFor(async () => expect(await databases()).not.toContain(`cio-first-party:${clientKey}`));
    expect([document.cookie, Object.keys(localStorage), locks.held()]).toEqual(['', [], []]);
    expect(server.received).toHaveLength(1);
  });
});
