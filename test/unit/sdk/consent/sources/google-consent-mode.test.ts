import { afterEach, describe, expect, test, vi } from 'vitest';
import { googleConsentMode } from '../../../../../src/sdk/consent/sources/google-consent-mode.ts';
import { listenTo, page, stopListening } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

/** Queues a command as in https://developers.google.com/tag-platform/security/guides/consent */
function gtag(...values: readonly unknown[]): void {
  const layer = (page['dataLayer'] ??= []) as { push(entry: unknown): unknown };
  layer.push((() => Object.assign({ length: values.length }, values))());
}

const denied = { ad_storage: 'denied', analytics_storage: 'denied' };
const granted = { ad_storage: 'granted', analytics_storage: 'granted' };

function standIn(): StandIn {
  let last: unknown = denied;
  const choose = (types: unknown): void => {
    last = types;
    gtag('consent', 'update', types);
  };
  return {
    names: ['dataLayer'],
    arrive: () => gtag('consent', 'default', { ...denied, wait_for_update: 500 }),
    arriveWithoutBanner: () => gtag('consent', 'default', { ...granted, wait_for_update: 500 }),
    arriveBroken() {
      const layer = (page['dataLayer'] ??= []) as unknown[];
      layer.push(Object.defineProperty({}, '0', { get: broken }));
    },
    grant: () => choose(granted),
    deny: () => choose(denied),
    tellAgain: () => gtag('consent', 'update', last === denied ? {} : last),
  };
}

afterEach(() => {
  stopListening();
  vi.useRealTimers();
  Reflect.deleteProperty(page, 'dataLayer');
});

describe('googleConsentMode', () => {
  conforms(googleConsentMode, standIn, { dataLayer: ['', 7, null, [], {}, () => undefined] });

  test('gives the consent types as categories, and merges what is updated', () => {
    gtag('consent', 'default', denied);
    gtag('js', new Date(0));
    gtag('consent', 'update', { analytics_storage: 'granted' });
    expect(googleConsentMode().get()).toEqual({
      state: 'granted',
      categories: { ad_storage: false, analytics_storage: true },
    });
    expect(googleConsentMode({ require: ['ad_storage'] }).get()?.state).toBe('denied');
  });

  test('does not take a default that denies for a decision', async () => {
    vi.useFakeTimers();
    gtag('consent', 'default', { ...denied, wait_for_update: 500 });
    const { told } = listenTo(googleConsentMode());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([]);
  });

  test('waits for the update as long as the page says', async () => {
    vi.useFakeTimers();
    gtag('consent', 'default', { ...granted, wait_for_update: 500 });
    const { states } = listenTo(googleConsentMode());
    await vi.advanceTimersByTimeAsync(400);
    expect(states()).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(states()).toEqual(['granted']);
  });

  test('knows no defaults where some hold in some regions only', () => {
    gtag('consent', 'default', granted);
    expect(googleConsentMode().get()?.state).toBe('granted');
    gtag('consent', 'default', { ...denied, region: ['DE'] });
    expect(googleConsentMode().get()).toBeUndefined();
  });

  test('leaves the list as it was, and passes through what was put around it meanwhile', () => {
    page['tags'] = [];
    const tags = page['tags'] as unknown[];
    const before = tags.push;
    const { stop } = listenTo(googleConsentMode({ dataLayer: 'tags' }));
    expect(tags.push('a')).toBe(1);
    stop();
    expect(tags.push).toBe(before);
    const { states, stop: stopSecond } = listenTo(googleConsentMode({ dataLayer: 'tags' }));
    const ours = tags.push;
    const theirs = (...entries: unknown[]): number => ours.apply(tags, entries);
    tags.push = theirs;
    tags.push(['consent', 'update', granted]);
    stopSecond();
    expect(tags.push).toBe(theirs);
    expect(tags.push(['consent', 'update', denied])).toBe(3);
    expect(states()).toEqual(['granted']);
    Reflect.deleteProperty(page, 'tags');
  });

  test('keeps what a tag manager has taken out of the list', () => {
    const source = googleConsentMode();
    const { states } = listenTo(source);
    gtag('consent', 'update', granted);
    (page['dataLayer'] as unknown[]).splice(0);
    gtag('event', 'page_view');
    expect([states(), source.get()?.state]).toEqual([['granted'], 'granted']);
  });
});
