import { describe, expect, test, vi } from 'vitest';
import { tcf } from '../../../../../src/sdk/consent/sources/tcf.ts';
import { listenTo, page } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

type Callback = (data: unknown, success: boolean) => void;

/** The CMP API of TCF 2.2; the browser tests run the real stub and API. */
function standIn(): StandIn & { open(): void; tell(data: object, success?: boolean): void } {
  const listeners = new Map<number, Callback>();
  let last = 0;
  let state: object = { gdprApplies: true, eventStatus: 'cmpuishown' };
  const tell = (data: object, success = true): void => {
    state = data;
    for (const [listenerId, take] of [...listeners]) take({ ...data, listenerId }, success);
  };
  const commands: Readonly<Record<string, (take: Callback, id?: unknown) => void>> = {
    ping: (take) => take({ cmpLoaded: true, cmpStatus: 'loaded' }, true),
    addEventListener(take) {
      listeners.set(++last, take);
      take({ ...state, listenerId: last }, true);
    },
    removeEventListener: (take, id) => take(listeners.delete(id as number), true),
  };
  const arrive = (): void => {
    page['__tcfapi'] = (command: string, version: number, take: Callback, parameter: unknown) => {
      if (version === 2) commands[command]?.(take, parameter);
    };
  };
  const choose = (isOn: boolean): void =>
    tell({
      gdprApplies: true,
      eventStatus: 'useractioncomplete',
      purpose: { consents: { 1: true, 8: isOn, 9: isOn } },
      vendor: { consents: { 755: true } },
    });
  return {
    names: ['__tcfapi'],
    arrive,
    arriveWithoutBanner() {
      tell({ gdprApplies: false, eventStatus: 'tcloaded' });
      arrive();
    },
    arriveBroken: () => void (page['__tcfapi'] = broken),
    grant: () => choose(true),
    deny: () => choose(false),
    tellAgain: () => tell(state),
    open: () => tell({ ...state, eventStatus: 'cmpuishown' }),
    tell,
    listeners: () => listeners.size,
  };
}

describe('tcf', () => {
  conforms(tcf, standIn);

  test('keeps the decision while the dialog is open again', () => {
    const platform = standIn();
    platform.arrive();
    platform.grant();
    const source = tcf();
    const { told, stop } = listenTo(source);
    platform.open();
    expect(source.get()?.state).toBe('granted');
    platform.deny();
    expect(told.map(({ state }) => state)).toEqual(['granted', 'denied'].slice(1));
    stop();
  });

  test('waits as long as it is not known whether the law applies, or the platform has failed', () => {
    const platform = standIn();
    platform.arrive();
    const { told, stop } = listenTo(tcf());
    platform.tell({ eventStatus: 'tcloaded', purpose: { consents: { 1: true } } });
    platform.tell({ gdprApplies: false }, false);
    expect(told).toEqual([]);
    stop();
  });

  test('gives its purposes, and knows its vendors', () => {
    const platform = standIn();
    platform.arrive();
    platform.deny();
    expect(
      tcf({ require: ['purpose:1', 'vendor:755'], purposes: { messaging: ['purpose:8'] } }).get(),
    ).toEqual({
      state: 'granted',
      categories: { analytics: true, messaging: false },
    });
    expect(Object.keys(tcf().get()?.categories ?? {})).toHaveLength(11);
  });

  test('prints nothing about vendors: the platform may list only those with consent', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const platform = standIn();
    platform.arrive();
    platform.grant();
    expect(tcf({ require: ['vendor:999'] }).get()?.state).toBe('denied');
    expect(error).not.toHaveBeenCalled();
    expect(tcf({ require: ['purpose:12'] }).get()?.state).toBe('denied');
    expect(String(error.mock.lastCall?.[0])).toContain('no ["purpose:12"], only ["purpose:1","purpose:2",');
    error.mockRestore();
  });

  test('asks nothing of a stub, which would keep the question', () => {
    const asked: string[] = [];
    page['__tcfapi'] = (command: string, _version: number, take: Callback) => {
      asked.push(command);
      if (command === 'ping') take({ cmpLoaded: false, cmpStatus: 'stub' }, true);
    };
    expect(tcf().get()).toBeUndefined();
    expect(asked).toEqual(['ping']);
    Reflect.deleteProperty(page, '__tcfapi');
  });
});
