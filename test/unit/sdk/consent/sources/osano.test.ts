import { describe, expect, test } from 'vitest';
import { osano } from '../../../../../src/sdk/consent/sources/osano.ts';
import { listenTo, page } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

type Take = (consent: unknown) => void;

/** https://developers.osano.com/cmp/javascript-api/developer-documentation-consent-javascript-api */
function standIn(): StandIn & { toggle(): void } {
  const listeners: { readonly event: string; readonly take: Take }[] = [];
  let consent: Record<string, string> | undefined;
  const emit = (event: string, value: unknown): void => {
    for (const each of [...listeners]) if (each.event === event) each.take(value);
  };
  const choose = (value: 'ACCEPT' | 'DENY'): void => {
    consent = { ESSENTIAL: 'ACCEPT', STORAGE: value, MARKETING: value, ANALYTICS: value, OPT_OUT: 'DENY' };
    emit('osano-cm-consent-saved', consent);
  };
  const arrive = (): void => {
    page['Osano'] = {
      cm: {
        addEventListener(event: string, take: Take) {
          listeners.push({ event, take });
          if (event === 'osano-cm-initialized') take(consent);
        },
        removeEventListener(event: string, take: Take) {
          const at = listeners.findIndex((each) => each.event === event && each.take === take);
          if (at >= 0) listeners.splice(at, 1);
        },
        getConsent: () => consent ?? { ESSENTIAL: 'ACCEPT', ANALYTICS: 'ACCEPT' },
      },
    };
  };
  return {
    names: ['Osano'],
    arrive,
    arriveWithoutBanner() {
      arrive();
      choose('ACCEPT');
    },
    arriveBroken: () => void (page['Osano'] = { cm: { addEventListener: broken } }),
    grant: () => choose('ACCEPT'),
    deny: () => choose('DENY'),
    tellAgain: () => emit('osano-cm-consent-saved', consent),
    toggle: () => emit('osano-cm-consent-changed', { ANALYTICS: 'ACCEPT' }),
    listeners: () => listeners.length,
  };
}

describe('osano', () => {
  conforms(osano, standIn);

  test('gives its categories, without the opt-out', () => {
    const platform = standIn();
    platform.arrive();
    platform.deny();
    const off = { STORAGE: false, MARKETING: false, ANALYTICS: false };
    expect(osano().get()).toEqual({ state: 'denied', categories: { ESSENTIAL: true, ...off } });
    expect(platform.listeners?.()).toBe(0);
  });

  test('does not listen to switches that are not saved', () => {
    const platform = standIn();
    platform.arrive();
    const { told, stop } = listenTo(osano());
    platform.toggle();
    expect(told).toEqual([]);
    stop();
    Reflect.deleteProperty(page, 'Osano');
  });
});
