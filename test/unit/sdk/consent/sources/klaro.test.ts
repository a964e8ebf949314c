import { describe, expect, test } from 'vitest';
import { klaro } from '../../../../../src/sdk/consent/sources/klaro.ts';
import { listenTo, page } from '../../../../fakes/consent-page.ts';
import { broken, conforms, type StandIn } from './conformance.ts';

interface Watcher {
  update(manager: unknown, name: string, data: unknown): void;
}

/** The manager of https://klaro.org/docs/ */
function standIn(): StandIn & { toggle(isOn: boolean): void; reset(): void; readonly api: object } {
  const watchers = new Set<Watcher>();
  const manager = {
    consents: { analytics: false },
    savedConsents: { analytics: false },
    confirmed: false,
    watch: (watcher: Watcher) => watchers.add(watcher),
    unwatch: (watcher: Watcher) => watchers.delete(watcher),
  };
  const notify = (name: string): void => {
    for (const watcher of [...watchers]) watcher.update(manager, name, manager.consents);
  };
  const toggle = (isOn: boolean): void => {
    manager.consents.analytics = isOn;
    notify('consents');
  };
  const choose = (isOn: boolean): void => {
    toggle(isOn);
    manager.confirmed = true;
    manager.savedConsents = { ...manager.consents };
    notify('saveConsents');
  };
  const api = { defaultConfig: {}, getManager: () => manager };
  return {
    api,
    names: ['klaro'],
    arrive: () => void (page['klaro'] = api),
    arriveBroken: () => void (page['klaro'] = { defaultConfig: {}, getManager: broken }),
    grant: () => choose(true),
    deny: () => choose(false),
    tellAgain: () => notify('applyConsents'),
    toggle,
    reset() {
      manager.confirmed = false;
      notify('consents');
    },
    listeners: () => watchers.size,
  };
}

describe('klaro', () => {
  conforms(klaro, standIn, { api: ['klaro', 7, null, true, []] });

  test('does not listen to switches that are not saved', () => {
    const platform = standIn();
    platform.arrive();
    platform.deny();
    const { told, stop } = listenTo(klaro());
    platform.toggle(true);
    expect(told).toEqual([]);
    stop();
  });

  test('takes a choice that is reset for a denial', () => {
    const platform = standIn();
    platform.grant();
    const { states, stop } = listenTo(klaro({ api: platform.api }));
    platform.reset();
    expect(states()).toEqual(['denied']);
    stop();
  });

  test.each(['the module', 'a function that returns it'])(
    'finds Klaro by %s, where it is imported',
    (way) => {
      const platform = standIn();
      platform.grant();
      const api = way === 'the module' ? platform.api : () => platform.api;
      expect(klaro({ api }).get()?.state).toBe('granted');
    },
  );

  test('does not ask it before it has its configuration', () => {
    page['klaro'] = { defaultConfig: undefined, getManager: broken };
    expect(klaro().get()).toBeUndefined();
    Reflect.deleteProperty(page, 'klaro');
  });
});
