import { describe, expect, test, vi } from 'vitest';
import { didomi } from '../../../../../src/sdk/consent/sources/didomi.ts';
import { page } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

interface Entry {
  readonly event: string;
  readonly listener: () => void;
}

/** https://developers.didomi.io/cmp/web-sdk/reference/api and .../events */
function standIn(): StandIn & { arriveIn(regulation: string, isOn: boolean): void } {
  let isOn = false;
  let mustAsk = true;
  const entries: Entry[] = [];
  const platform = {
    isConsentRequired: () => true,
    shouldUserStatusBeCollected: () => mustAsk,
    getCurrentUserStatus: () => ({
      regulation: 'gdpr',
      purposes: { cookies: { id: 'cookies', enabled: isOn }, analytics: { id: 'analytics', enabled: isOn } },
      vendors: { 'c:customerio': { id: 'c:customerio', enabled: isOn } },
    }),
  };
  /** Runs the waiting callbacks, and later callbacks at once, as the loaded platform does. */
  function load(api: unknown): void {
    page['Didomi'] = api;
    const ready = (page['didomiOnReady'] ?? []) as ((didomi: unknown) => void)[];
    const events = (page['didomiEventListeners'] ?? []) as Entry[];
    page['didomiOnReady'] = { push: (run: (didomi: unknown) => void) => run(api) };
    page['didomiEventListeners'] = { push: (entry: Entry) => entries.push(entry) };
    entries.push(...events);
    for (const run of ready) run(api);
  }
  const tell = (): void => {
    for (const { event, listener } of entries) if (event === 'consent.changed') listener();
  };
  const choose = (next: boolean): void => {
    isOn = next;
    mustAsk = false;
    tell();
  };
  return {
    names: ['Didomi', 'didomiOnReady', 'didomiEventListeners'],
    arrive: () => load(platform),
    arriveIn(regulation, status) {
      isOn = status;
      const getCurrentUserStatus = (): unknown => ({ ...platform.getCurrentUserStatus(), regulation });
      load({ ...platform, isConsentRequired: () => false, getCurrentUserStatus });
    },
    arriveWithoutBanner: () =>
      load({ ...platform, isConsentRequired: () => false, getCurrentUserStatus: () => ({}) }),
    arriveBroken: () => load({ getCurrentUserStatus: broken }),
    grant: () => choose(true),
    deny: () => choose(false),
    tellAgain: tell,
  };
}

const forget = (): void => {
  for (const name of standIn().names) Reflect.deleteProperty(page, name);
};

describe('didomi', () => {
  conforms(didomi, standIn);

  test('gives its purposes, and knows its vendors', () => {
    const platform = standIn();
    platform.arrive();
    platform.grant();
    expect(didomi().get()).toEqual({ state: 'granted', categories: { cookies: true, analytics: true } });
    expect(didomi({ require: ['vendor:c:customerio'] }).get()?.state).toBe('granted');
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(didomi({ require: ['vendor:other'] }).get()?.state).toBe('denied');
    expect(String(error.mock.lastCall?.[0])).toContain(
      'no ["vendor:other"], only ["cookies","analytics","vendor:c:customerio"]',
    );
    error.mockRestore();
    forget();
  });

  test('reads what was opted out of where no consent is required', () => {
    standIn().arriveIn('cpra', false);
    expect(didomi().get()?.state).toBe('denied');
    forget();
    standIn().arriveIn('none', false);
    expect(didomi().get()).toEqual({ state: 'granted' });
    forget();
  });

  test('takes back what nobody has read yet', () => {
    const stop = didomi().subscribe(() => undefined);
    expect(page['didomiOnReady']).toHaveLength(1);
    expect(page['didomiEventListeners']).toHaveLength(1);
    stop();
    expect(page['didomiOnReady']).toHaveLength(0);
    expect(page['didomiEventListeners']).toHaveLength(0);
    forget();
  });
});
