import { describe, expect, test } from 'vitest';
import { cookiebot } from '../../../../../src/sdk/consent/sources/cookiebot.ts';
import { listenTo, page, say } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

/** https://www.cookiebot.com/en/developer/ */
function standIn(): StandIn & { withdraw(): void } {
  const consent = { necessary: true, preferences: false, statistics: false, marketing: false };
  const platform = { consent, hasResponse: false, consented: false, declined: false };
  const choose = (isOn: boolean): void => {
    Object.assign(platform, { hasResponse: true, consented: isOn, declined: !isOn });
    Object.assign(consent, { preferences: isOn, statistics: isOn, marketing: isOn });
    say('CookiebotOnConsentReady');
    say(isOn ? 'CookiebotOnAccept' : 'CookiebotOnDecline');
  };
  return {
    names: ['Cookiebot'],
    arrive: () => void (page['Cookiebot'] = platform),
    arriveWithoutBanner() {
      page['Cookiebot'] = platform;
      platform.consented = true;
      Object.assign(consent, { preferences: true, statistics: true, marketing: true });
      say('CookiebotOnConsentReady');
    },
    arriveBroken() {
      page['Cookiebot'] = Object.defineProperty({}, 'consent', { get: broken });
    },
    grant: () => choose(true),
    deny: () => choose(false),
    tellAgain: () => say('CookiebotOnConsentReady'),
    withdraw() {
      Object.assign(platform, { hasResponse: false, consented: false, declined: false });
      say('CookiebotOnDecline');
    },
  };
}

describe('cookiebot', () => {
  conforms(cookiebot, standIn);

  test('gives its four categories', () => {
    const platform = standIn();
    platform.arrive();
    platform.deny();
    const off = { preferences: false, statistics: false, marketing: false };
    expect(cookiebot().get()).toEqual({ state: 'denied', categories: { necessary: true, ...off } });
    expect(cookiebot({ require: ['necessary'] }).get()?.state).toBe('granted');
  });

  test('takes a grant that is taken back for a denial', () => {
    const platform = standIn();
    platform.arrive();
    platform.grant();
    const source = cookiebot();
    const { states, stop } = listenTo(source);
    platform.withdraw();
    expect(states()).toEqual(['denied']);
    expect(source.get()).toEqual({ state: 'denied' });
    stop();
  });
});
