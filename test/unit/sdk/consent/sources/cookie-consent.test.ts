import { describe, expect, test, vi } from 'vitest';
import { cookieConsent } from '../../../../../src/sdk/consent/sources/cookie-consent.ts';
import { listenTo, page, say } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

/** https://cookieconsent.orestbida.com/reference/api-reference.html */
function standIn(): StandIn & { readonly api: object } {
  let accepted: readonly string[] | undefined;
  const categories = ['necessary', 'analytics'];
  const api = {
    validConsent: () => accepted !== undefined,
    getUserPreferences: () => ({
      acceptedCategories: categories.filter((each) => accepted?.includes(each)),
      rejectedCategories: categories.filter((each) => !accepted?.includes(each)),
      acceptedServices: { analytics: accepted?.includes('analytics') ? ['customerio'] : [] },
      rejectedServices: { analytics: accepted?.includes('analytics') ? [] : ['customerio'] },
    }),
  };
  const tell = (type: string): void => {
    say(type, { cookie: { categories: accepted, services: { analytics: ['customerio'] } } });
  };
  const choose = (...next: readonly string[]): void => {
    const type = accepted ? 'cc:onChange' : 'cc:onConsent';
    accepted = next;
    tell(type);
  };
  return {
    api,
    names: ['CookieConsent'],
    arrive: () => void (page['CookieConsent'] = api),
    arriveBroken: () => void (page['CookieConsent'] = { validConsent: broken }),
    grant: () => choose('necessary', 'analytics'),
    deny: () => choose('necessary'),
    tellAgain: () => say('cc:onConsent', { cookie: { categories: accepted } }),
  };
}

describe('cookieConsent', () => {
  conforms(cookieConsent, standIn, { api: ['CookieConsent', 7, null, true, [], () => undefined] });

  test('gives its categories, and knows its services', () => {
    const platform = standIn();
    platform.deny();
    const { api } = platform;
    expect(cookieConsent({ api }).get()).toEqual({
      state: 'denied',
      categories: { necessary: true, analytics: false },
    });
    platform.grant();
    expect(cookieConsent({ api, require: ['service:customerio'] }).get()?.state).toBe('granted');
  });

  test('prints nothing about categories that an event does not hold: it holds only those that are on', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const platform = standIn();
    const { states, stop } = listenTo(cookieConsent({ require: ['marketing'] }));
    platform.grant();
    stop();
    expect([states(), error.mock.calls]).toEqual([['denied'], []]);
    error.mockRestore();
  });

  test('reads the events where the page has imported the module and keeps it', () => {
    const platform = standIn();
    const { told, stop } = listenTo(cookieConsent());
    platform.deny();
    platform.grant();
    expect(told).toEqual([
      { state: 'denied', categories: { necessary: true } },
      { state: 'granted', categories: { necessary: true, analytics: true } },
    ]);
    stop();
  });
});
