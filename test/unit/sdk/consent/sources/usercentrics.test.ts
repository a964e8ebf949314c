import { describe, expect, test, vi } from 'vitest';
import { usercentrics } from '../../../../../src/sdk/consent/sources/usercentrics.ts';
import { aMoment, listenTo, page, say } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

/** Version 3: https://usercentrics.com/docs/web/features/api/ */
function version3(): StandIn {
  let details: unknown;
  const decide = (isOn: boolean, type: 'EXPLICIT' | 'IMPLICIT', required: boolean): void => {
    const state = isOn ? 'ALL_ACCEPTED' : 'ALL_DENIED';
    details = {
      consent: { type, required, status: state },
      categories: {
        essential: { state: 'ALL_ACCEPTED', dps: null },
        marketing: { state, dps: { abc: isOn } },
      },
      services: { abc: { name: 'Customer.io', category: 'marketing', consent: { given: isOn, type } } },
    };
  };
  const arrive = (): void => {
    page['__ucCmp'] = { getConsentDetails: () => Promise.resolve(details) };
    say('UC_UI_INITIALIZED');
  };
  const choose = (isOn: boolean): void => {
    decide(isOn, 'EXPLICIT', false);
    say('UC_UI_CMP_EVENT', { type: isOn ? 'ACCEPT_ALL' : 'DENY_ALL', source: 'first' });
    say('UC_CONSENT', details);
  };
  return {
    names: ['__ucCmp'],
    arrive() {
      decide(true, 'IMPLICIT', true);
      arrive();
    },
    arriveWithoutBanner() {
      decide(true, 'IMPLICIT', false);
      arrive();
    },
    arriveBroken: () => void (page['__ucCmp'] = { getConsentDetails: broken }),
    grant: () => choose(true),
    deny: () => choose(false),
    tellAgain: () => say('UC_UI_CMP_EVENT', { type: 'SAVE' }),
  };
}

/** Version 2: https://docs.usercentrics.com */
function version2(): StandIn {
  let isOn = true;
  let isRequired = true;
  const choose = (next: boolean): void => {
    isOn = next;
    isRequired = false;
    say('UC_UI_CMP_EVENT', { type: next ? 'ACCEPT_ALL' : 'DENY_ALL', source: 'FIRST_LAYER' });
  };
  const arrive = (): void => {
    page['UC_UI'] = {
      isInitialized: () => true,
      isConsentRequired: () => isRequired,
      getServicesBaseInfo: () => [
        { id: 'uc', categorySlug: 'essential', consent: { status: true } },
        { id: 'abc', categorySlug: 'marketing', consent: { status: isOn } },
        { id: 'def', categorySlug: 'marketing', consent: { status: true } },
      ],
    };
    say('UC_UI_INITIALIZED');
  };
  return {
    names: ['UC_UI'],
    arrive,
    arriveWithoutBanner() {
      isRequired = false;
      arrive();
    },
    arriveBroken: () => void (page['UC_UI'] = { isInitialized: broken }),
    grant: () => choose(true),
    deny: () => choose(false),
    tellAgain: () => say('ucEvent', { event: 'consent_status' }),
  };
}

describe('usercentrics, version 3,', () => {
  conforms(usercentrics, version3, { windowEvent: ['', 7, null, [], {}, ['ucEvent']] });

  test('gives its categories, and knows its services', async () => {
    vi.useFakeTimers();
    const platform = version3();
    platform.arrive();
    platform.grant();
    const source = usercentrics({ require: ['service:abc'], purposes: { messaging: ['marketing'] } });
    const { told, stop } = listenTo(source);
    await aMoment();
    expect(told).toEqual([{ state: 'granted', categories: { analytics: true, messaging: true } }]);
    stop();
    vi.useRealTimers();
  });

  test('does not let a late answer win over what was told since', async () => {
    vi.useFakeTimers();
    const platform = version3();
    platform.arrive();
    let answer = (_details: unknown): void => undefined;
    page['__ucCmp'] = { getConsentDetails: () => new Promise((resolve) => (answer = resolve)) };
    const source = usercentrics();
    const { states, stop } = listenTo(source);
    const old = { consent: { type: 'EXPLICIT' }, categories: { marketing: { state: 'ALL_ACCEPTED' } } };
    say('UC_CONSENT', { ...old, categories: { marketing: { state: 'ALL_DENIED' } } });
    answer(old);
    await aMoment();
    expect(states()).toEqual(['denied']);
    stop();
    vi.useRealTimers();
  });

  test('warns where it rejects, and nothing is unhandled', async () => {
    vi.useFakeTimers();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    page['__ucCmp'] = { getConsentDetails: () => Promise.reject(new Error('details')) };
    const { told, stop } = listenTo(usercentrics());
    await aMoment();
    expect(told).toEqual([]);
    expect(warn).toHaveBeenCalledTimes(1);
    stop();
    vi.useRealTimers();
    Reflect.deleteProperty(page, '__ucCmp');
  });
});

describe('usercentrics, version 2,', () => {
  conforms(usercentrics, version2);

  test('has a category on where all its services are', () => {
    const platform = version2();
    platform.arrive();
    platform.deny();
    expect(usercentrics().get()).toEqual({
      state: 'denied',
      categories: { essential: true, marketing: false },
    });
    expect(usercentrics({ require: ['service:def'] }).get()?.state).toBe('granted');
    Reflect.deleteProperty(page, 'UC_UI');
  });
});
