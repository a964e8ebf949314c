import { describe, expect, test, vi } from 'vitest';
import { oneTrust } from '../../../../../src/sdk/consent/sources/one-trust.ts';
import { aMoment, listenTo, page, say } from '../../../../fakes/consent-page.ts';
import { broken, conforms, HELP_URL, type StandIn } from './conformance.ts';

const GROUPS = ['C0001', 'C0002', 'C0004'].map((CustomGroupId) => ({ CustomGroupId }));

/** https://developer.onetrust.com/onetrust/docs/javascript-events-guide */
function standIn(): StandIn & { choose(...groups: readonly string[]): void } {
  let isClosed = false;
  const apply = (groups: readonly string[]): void => {
    page['OnetrustActiveGroups'] = `,${groups.join(',')},`;
    say('OneTrustGroupsUpdated', groups);
  };
  const arrive = (ShowAlertNotice: boolean, groups: readonly string[]): void => {
    page['OneTrust'] = {
      IsAlertBoxClosed: () => isClosed,
      GetDomainData: () => ({ Groups: GROUPS, ShowAlertNotice, ConsentModel: { Name: 'opt-in' } }),
    };
    apply(groups);
  };
  const choose = (...groups: readonly string[]): void => {
    isClosed = true;
    apply(groups);
  };
  return {
    names: ['OneTrust', 'OnetrustActiveGroups'],
    arrive: () => arrive(true, ['C0001']),
    arriveWithoutBanner: () => arrive(false, ['C0001', 'C0002', 'C0004']),
    arriveBroken() {
      page['OneTrust'] = { IsAlertBoxClosed: broken, GetDomainData: broken };
      page['OnetrustActiveGroups'] = ',C0001,';
    },
    choose,
    grant: () => choose('C0001', 'C0002', 'C0004'),
    deny: () => choose('C0001'),
    tellAgain: () => say('OneTrustGroupsUpdated', []),
  };
}

describe('oneTrust', () => {
  conforms(oneTrust, standIn);

  test('gives its groups as categories', () => {
    const platform = standIn();
    platform.arrive();
    platform.choose('C0001', 'C0002');
    expect(oneTrust().get()).toEqual({
      state: 'granted',
      categories: { C0001: true, C0002: true, C0004: false },
    });
    expect(oneTrust({ require: ['C0002', 'C0004'] }).get()?.state).toBe('denied');
  });

  test('gives purposes, each of which needs all its groups', () => {
    const platform = standIn();
    platform.arrive();
    platform.choose('C0001', 'C0002');
    const source = oneTrust({ purposes: { analytics: ['C0002'], messaging: ['C0002', 'C0004'] } });
    expect(source.get()).toEqual({ state: 'granted', categories: { analytics: true, messaging: false } });
    platform.choose('C0001', 'C0004');
    expect(source.get()).toEqual({ state: 'denied', categories: { analytics: false, messaging: false } });
  });

  test('is granted by one of the two purposes of the SDK; the one not named needs the default', () => {
    const platform = standIn();
    platform.arrive();
    platform.choose('C0001', 'C0004');
    const categories = { analytics: false, messaging: true };
    expect(oneTrust({ purposes: { messaging: ['C0004'] } }).get()).toEqual({ state: 'granted', categories });
    expect(oneTrust({ require: ['C0002'], purposes: { messaging: ['C0004'] } }).get()?.state).toBe('denied');
  });

  test('does not take the defaults of an open banner for a decision', () => {
    const platform = standIn();
    platform.arrive();
    page['OnetrustActiveGroups'] = ',C0001,C0002,C0004,';
    expect(oneTrust().get()).toBeUndefined();
  });

  test('tells where only a category has changed', async () => {
    const platform = standIn();
    platform.arrive();
    platform.choose('C0001', 'C0002');
    const { told, stop } = listenTo(oneTrust());
    platform.choose('C0001', 'C0002', 'C0004');
    await Promise.resolve();
    expect(told).toEqual([{ state: 'granted', categories: { C0001: true, C0002: true, C0004: true } }]);
    stop();
  });

  test('looks again where the banner is closed after the event', async () => {
    vi.useFakeTimers();
    const platform = standIn();
    platform.arrive();
    const { states, stop } = listenTo(oneTrust());
    page['OnetrustActiveGroups'] = ',C0001,C0002,';
    say('OneTrustGroupsUpdated', []);
    page['OneTrust'] = { IsAlertBoxClosed: () => true };
    expect(states()).toEqual([]);
    await aMoment();
    expect(states()).toEqual(['granted']);
    stop();
  });

  test('names its groups where one of the options is none of them', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const platform = standIn();
    platform.arrive();
    platform.choose('C0001', 'C0002', 'V2STACK42');
    const purposes = { analytics: ['C0002'], messaging: ['V2STACK42', 'C9999'] };
    const source = oneTrust({ purposes });
    expect(source.get()).toEqual({ state: 'granted', categories: { analytics: true, messaging: false } });
    expect(source.get()?.state).toBe('granted');
    expect(error.mock.calls).toEqual([
      [
        'cio-first-party: oneTrust: the platform has no ["C9999"], only ["C0001","C0002","C0004","V2STACK42"]; ' +
          HELP_URL,
      ],
    ]);
    error.mockRestore();
  });

  test('prints nothing about groups where the platform has no list of them', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    page['OneTrust'] = { IsAlertBoxClosed: () => true };
    page['OnetrustActiveGroups'] = ',C0001,';
    expect(oneTrust({ require: ['C0004'] }).get()?.state).toBe('denied');
    expect(error).not.toHaveBeenCalled();
    error.mockRestore();
  });

  test('describes a wrong option', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    oneTrust({ requires: ['C0004'] } as object);
    oneTrust({ require: 'C0002' as unknown as [] });
    expect(error.mock.calls.flat()).toEqual([
      'cio-first-party: oneTrust: "requires" must be one of the options ["require","purposes"], did you mean "require"?, ' +
        `got ["C0004"]; ${HELP_URL}`,
      `cio-first-party: oneTrust: "require" must be a list of names, not empty, got "C0002"; ${HELP_URL}`,
    ]);
    error.mockRestore();
  });
});
