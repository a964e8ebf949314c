import { describe, expect, test, vi } from 'vitest';
import { gpp } from '../../../../../src/sdk/consent/sources/gpp.ts';
import { listenTo, page } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

type Callback = (data: unknown, success: boolean) => void;

interface Ping {
  readonly signalStatus: 'ready' | 'not ready';
  readonly applicableSections: readonly number[];
  readonly parsedSections: Readonly<Record<string, unknown>>;
}

/** The API of GPP 1.1; the browser tests run a real one. */
function standIn(): StandIn & { set(ping: Partial<Ping>): void } {
  const listeners = new Map<number, Callback>();
  let last = 0;
  let state: Ping = { signalStatus: 'not ready', applicableSections: [], parsedSections: {} };
  const commands: Readonly<Record<string, (take: Callback, id?: unknown) => void>> = {
    ping: (take) => take(state, true),
    addEventListener(take) {
      listeners.set(++last, take);
      take({ eventName: 'listenerRegistered', listenerId: last, data: true, pingData: state }, true);
    },
    removeEventListener: (take, id) => take(listeners.delete(id as number), true),
  };
  const set = (next: Partial<Ping>): void => {
    state = { ...state, ...next };
    for (const [listenerId, take] of [...listeners]) {
      take({ eventName: 'signalStatus', listenerId, data: state.signalStatus, pingData: state }, true);
    }
  };
  const arrive = (): void => {
    page['__gpp'] = (command: string, take: Callback, parameter: unknown) =>
      commands[command]?.(take, parameter);
  };
  const choose = (SaleOptOut: number): void =>
    set({
      signalStatus: 'ready',
      applicableSections: [7],
      parsedSections: { usnat: { SaleOptOut, Gpc: false } },
    });
  return {
    names: ['__gpp'],
    arrive,
    arriveWithoutBanner() {
      set({ signalStatus: 'ready', applicableSections: [-1] });
      arrive();
    },
    arriveBroken: () => void (page['__gpp'] = broken),
    grant: () => choose(2),
    deny: () => choose(1),
    tellAgain: () => set({}),
    set,
    listeners: () => listeners.size,
  };
}

const decisionOn = (
  applicableSections: readonly number[],
  parsedSections: Ping['parsedSections'],
): unknown => {
  const platform = standIn();
  platform.set({ signalStatus: 'ready', applicableSections, parsedSections });
  platform.arrive();
  return gpp().get()?.state;
};

describe('gpp', () => {
  conforms(gpp, standIn);

  test('keeps the decision while the dialog is open again', () => {
    const platform = standIn();
    platform.arrive();
    platform.grant();
    const source = gpp();
    const { told, stop } = listenTo(source);
    platform.set({ signalStatus: 'not ready' });
    expect([source.get()?.state, told]).toEqual(['granted', []]);
    stop();
  });

  test.each([
    [
      'nothing opted out of',
      [7],
      { usnat: { SaleOptOut: 2, SharingOptOut: 0, TargetedAdvertisingOptOut: 2 } },
      'granted',
    ],
    ['advertising opted out of', [10], { usco: { SaleOptOut: 2, TargetedAdvertisingOptOut: 1 } }, 'denied'],
    ['a section in parts, with the signal', [8], { usca: [{ SaleOptOut: 2 }, { Gpc: true }] }, 'denied'],
    ['the former string', [6], { uspv1: { OptOutSale: 'Y' } }, 'denied'],
    [
      'Europe, with all purposes',
      [2],
      { tcfeuv2: { PurposeConsents: Array<boolean>(24).fill(true) } },
      'granted',
    ],
    ['Europe, with some as numbers', [2], { tcfeuv2: [{ PurposeConsents: [1, 8] }] }, 'denied'],
    [
      'Canada, express and implied',
      [5],
      { tcfcav1: { PurposesExpressConsent: [1], PurposesImpliedConsent: [8, 9] } },
      'granted',
    ],
    [
      'both, one of which denies',
      [2, 7],
      { tcfeuv2: { PurposeConsents: [1, 8, 9] }, usnat: { SaleOptOut: 1 } },
      'denied',
    ],
    ['a section that applies and is not there', [7], {}, undefined],
    ['not known yet which apply', [0], {}, undefined],
    ['none named', [], { usnat: { SaleOptOut: 2 } }, undefined],
  ] as const)('%s', (_name, applicable, parsed, state) => {
    expect(decisionOn(applicable, parsed)).toBe(state);
  });

  test('knows vendors', () => {
    const platform = standIn();
    platform.set({
      signalStatus: 'ready',
      applicableSections: [2],
      parsedSections: { tcfeuv2: { PurposeConsents: [1], VendorConsents: [755] } },
    });
    platform.arrive();
    expect(gpp({ require: ['purpose:1', 'vendor:755'] }).get()?.state).toBe('granted');
    // The list of vendors holds only those with consent, so that nothing is printed about another one.
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    expect(gpp({ require: ['vendor:756'] }).get()?.state).toBe('denied');
    expect(error).not.toHaveBeenCalled();
    error.mockRestore();
    Reflect.deleteProperty(page, '__gpp');
  });
});
