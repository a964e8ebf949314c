import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { framesIn, openSite, post, type Site } from './site.ts';

/** Counts the listeners, with a signal or without, and the observers. */
let live: Map<object, number>;
const count = (): number => [...live.values()].reduce((sum, each) => sum + each, 0);

beforeEach(() => {
  live = new Map();
  const change = (target: object, by: number): void => void live.set(target, (live.get(target) ?? 0) + by);
  // Listeners of a removed element live no longer than that: those of the page are counted. happy-dom's window has its own method.
  const view = document.defaultView ?? window;
  for (const target of [view, document, EventTarget.prototype]) {
    const add = target.addEventListener;
    vi.spyOn(target, 'addEventListener').mockImplementation(function (
      this: EventTarget,
      type: string,
      run: EventListenerOrEventListenerObject | null,
      options?: boolean | AddEventListenerOptions,
    ) {
      if (target !== EventTarget.prototype || 'matches' in this) {
        change(target, 1);
        const { signal } = (options ?? {}) as AddEventListenerOptions;
        signal?.addEventListener('abort', () => change(target, -1), { once: true });
      }
      return add.call(this, type, run, options);
    });
  }
  const { observe, disconnect } = MutationObserver.prototype;
  vi.spyOn(MutationObserver.prototype, 'observe').mockImplementation(function (
    this: MutationObserver,
    target,
    options,
  ) {
    live.set(this, 1);
    return observe.call(this, target, options);
  });
  vi.spyOn(MutationObserver.prototype, 'disconnect').mockImplementation(function (this: MutationObserver) {
    live.delete(this);
    return disconnect.call(this);
  });
});
afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

async function openAll(needs = {}): Promise<Site> {
  for (const id of ['slot', 'anchor']) {
    const element = document.createElement('div');
    element.id = id;
    document.body.append(element);
  }
  const site = openSite({ colorScheme: 'auto', ...needs });
  await site.open('modal');
  await site.open('overlay', { elementId: 'x-gist-bottom' });
  await site.open('inline', { elementId: 'slot' });
  await site.open('tooltip', { elementId: 'anchor', tooltipPosition: 'top' });
  site.show('waiting', { elementId: 'later' });
  site.show('loading', { elementId: 'x-gist-top' });
  return site;
}

describe('removeAll', () => {
  test('removes every frame in the same tick, those in shadow roots and those that fade too', async () => {
    const site = await openAll();
    site.display.dismiss('overlay');
    expect(framesIn()).toHaveLength(5);
    site.display.removeAll();
    expect(framesIn()).toEqual([]);
    expect(document.querySelectorAll('cio-message')).toHaveLength(0);
    expect(site.told().slice(4)).toEqual(['dismissed overlay']);
  });

  test('frees every place, so that the messages of the next person can come at once', async () => {
    const site = await openAll();
    site.display.removeAll();
    expect(site.show('next')).toBe(true);
    expect(site.show('next-inline', { elementId: 'slot' })).toBe(true);
  });

  test('late messages of removed frames have no effect', async () => {
    const go = vi.spyOn(window.location, 'assign').mockImplementation(() => undefined);
    const site = await openAll();
    const windows = ['modal', 'overlay', 'inline', 'tooltip', 'loading'].map(
      (id) => [id, site.frame(id).contentWindow] as const,
    );
    site.display.removeAll();
    const before = site.reports.length;
    for (const [instanceId, source] of windows)
      for (const method of ['routeLoaded', 'tap', 'error', 'eventDispatched', 'sizeChanged'])
        post(
          {
            gist: {
              method,
              instanceId,
              parameters: { action: 'gist://loadPage?url=/x', name: 'n', height: 9 },
            },
          },
          source,
        );
    await site.clock.advance(60_000);
    expect(site.reports).toHaveLength(before);
    expect(go).not.toHaveBeenCalled();
    expect(framesIn()).toEqual([]);
  });

  test('a message that was about to become visible is not reported', async () => {
    const site = openSite();
    site.show('i1');
    site.say('i1', 'routeLoaded');
    site.display.removeAll();
    await site.clock.advance(10_000);
    expect(site.reports).toEqual([]);
  });

  test.each([
    ['removeAll', (site: Site) => site.display.removeAll()],
    ['the end of the display', (site: Site) => site.ending.abort()],
  ])('%s leaves no listener, timer or observer', async (_, remove) => {
    const before = count();
    const site = await openAll();
    expect(count()).toBeGreaterThan(before + 8);
    expect(site.clock.timers().length).toBeGreaterThan(0);
    remove(site);
    expect(count()).toBe(before);
    expect(site.clock.timers()).toEqual([]);
  });

  test('a message that was dismissed or has failed leaves nothing either', async () => {
    const before = count();
    const site = await openAll();
    for (const id of ['modal', 'inline', 'tooltip', 'overlay', 'waiting']) site.display.dismiss(id);
    site.say('loading', 'error');
    await site.clock.advance(300);
    expect(count()).toBe(before);
    expect(site.clock.timers()).toEqual([]);
    expect(framesIn()).toEqual([]);
  });

  test('nothing listens before the first message', () => {
    const before = count();
    openSite();
    expect(count()).toBe(before);
  });
});

describe('the display', () => {
  test('shows nothing after its end', async () => {
    const site = await openAll();
    site.ending.abort();
    expect(framesIn()).toEqual([]);
    expect(site.show('late')).toBe(false);
    expect(framesIn()).toEqual([]);
  });

  test('shows one modal at a time, and no instance twice', async () => {
    const site = openSite();
    expect(site.show('i1')).toBe(true);
    expect(site.show('i2')).toBe(false);
    expect(site.show('i1', { elementId: 'x-gist-top' })).toBe(false);
    expect(framesIn()).toHaveLength(1);
  });

  test('ends a message whose layer the page has removed', async () => {
    const site = openSite();
    await site.open('i1');
    document.body.replaceChildren();
    await vi.waitFor(() => expect(site.told()).toEqual(['shown i1', 'gone i1']));
    expect(site.display.isFree({})).toBe(true);
  });

  test('shows nothing, and leaves nothing, where the browser has no constructed style sheets', () => {
    const before = count();
    vi.stubGlobal('CSSStyleSheet', undefined);
    const site = openSite();
    expect(site.show('i1')).toBe(false);
    vi.unstubAllGlobals();
    expect([framesIn(), site.reports, site.clock.timers(), count()]).toEqual([[], [], [], before]);
    expect(site.show('i2')).toBe(true);
  });

  test('dismiss of an unknown id has no effect', () => {
    const site = openSite();
    site.display.dismiss('never');
    expect(site.reports).toEqual([]);
  });
});

test.each<readonly [string, Record<string, unknown>]>([
  ['no gist', {}],
  ['gist as null', { gist: null }],
  ['gist as a number', { gist: 7 }],
  [
    'values of wrong types',
    { gist: { elementId: 7, position: {}, messageWidth: 'x', overlayColor: [], scale: 'yes' } },
  ],
])('%s is a modal', (_, properties) => {
  const site = openSite();
  expect(site.display.show({ instanceId: 'i1', messageId: 'm', properties })).toBe(true);
  expect(site.display.isFree({})).toBe(false);
});
