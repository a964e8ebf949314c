import { afterEach, describe, expect, test, vi } from 'vitest';
import { framesIn, openSite, post } from './site.ts';

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

describe('the frame', () => {
  test('is sandboxed without the origin of the site, has the URL of the proxy and a title', () => {
    const site = openSite();
    expect(site.show('i1')).toBe(true);
    const frame = site.frame('i1');
    expect(frame.getAttribute('sandbox')).toBe(
      'allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox',
    );
    expect(frame.getAttribute('src')).toBe('/e/v1/frame/index.html');
    expect(frame.title).not.toBe('');
  });

  test('asks for isolation headers on a cross-origin isolated page', () => {
    vi.stubGlobal('crossOriginIsolated', true);
    const site = openSite();
    site.show('i1');
    expect(site.frame('i1').getAttribute('src')).toBe('/e/v1/frame/index.html?coi=1');
    vi.unstubAllGlobals();
  });

  test('gets its options at each load', () => {
    const site = openSite();
    site.show('i1', { position: 'top' });
    const options = {
      options: {
        endpoint: new URL('/e/v1/frame/e', location.href).href,
        siteId: '',
        messageId: 'content-i1',
        instanceId: 'i1',
        livePreview: false,
        isEmbed: false,
        properties: { gist: { position: 'top' } },
        customAttributes: { cio_anonymous_id: 'a1' },
        colorScheme: 'light',
      },
      capabilities: [],
    };
    expect(site.posted).toEqual([options]);
    site.frame('i1').dispatchEvent(new Event('load'));
    expect(site.posted).toEqual([options, options]);
  });

  test('is told the capabilities of the caller', () => {
    const site = openSite({ capabilities: ['Snooze'] });
    site.show('i1');
    expect(site.posted).toMatchObject([{ capabilities: ['Snooze'] }]);
  });

  test('gets the title that its document has told', async () => {
    const site = openSite();
    const frame = await site.open('i1');
    site.say('i1', 'titleChanged', { title: 'Summer sale' });
    expect(frame.title).toBe('Summer sale');
    expect(frame.closest('dialog')?.getAttribute('aria-label')).toBe('Summer sale');
  });

  test('is invisible until it has said routeLoaded', async () => {
    const site = openSite();
    site.show('i1');
    expect(site.frame('i1').closest('dialog')?.className).not.toContain('shown');
    expect(site.reports).toEqual([]);
    site.say('i1', 'routeLoaded');
    await site.clock.advance(100);
    expect(site.frame('i1').closest('dialog')?.className).toContain('shown');
    expect(site.told()).toEqual(['shown i1']);
  });

  test('is told once that it was shown, also when its document says so twice', async () => {
    const site = openSite();
    await site.open('i1');
    site.say('i1', 'routeLoaded');
    await site.clock.advance(10_000);
    expect(site.told()).toEqual(['shown i1']);
  });
});

describe('what a frame may say', () => {
  const HUGE = 'x'.repeat(1_000_000);
  const hello = { gist: { method: 'routeLoaded', instanceId: 'i1' } };

  test.each<readonly [string, unknown]>([
    ['null', null],
    ['a number', 7],
    ['a text of 1 MB', HUGE],
    ['an empty object', {}],
    ['gist as null', { gist: null }],
    ['gist as a text', { gist: 'routeLoaded' }],
    ['another instance', { gist: { method: 'routeLoaded', instanceId: 'i2' } }],
    ['no instance', { gist: { method: 'routeLoaded' } }],
    ['an unknown method', { gist: { method: 'constructor', instanceId: 'i1' } }],
    ['a method that is no text', { gist: { method: {}, instanceId: 'i1' } }],
    ['a tap with a huge action', { gist: { method: 'tap', instanceId: 'i1', parameters: { action: HUGE } } }],
    [
      'a tap with an object as action',
      { gist: { method: 'tap', instanceId: 'i1', parameters: { action: {} } } },
    ],
    ['a huge title', { gist: { method: 'titleChanged', instanceId: 'i1', parameters: { title: HUGE } } }],
    ['parameters as a text', { gist: { method: 'sizeChanged', instanceId: 'i1', parameters: 'x' } }],
    [
      'a size that is no number',
      { gist: { method: 'sizeChanged', instanceId: 'i1', parameters: { height: '9' } } },
    ],
    [
      'an infinite size',
      { gist: { method: 'sizeChanged', instanceId: 'i1', parameters: { height: Infinity } } },
    ],
    ['an event without a name', { gist: { method: 'eventDispatched', instanceId: 'i1' } }],
  ])('%s has no effect', async (_, data) => {
    const site = openSite();
    site.show('i1');
    const frame = site.frame('i1');
    const before = [frame.title, frame.style.getPropertyValue('height')];
    post(data, frame.contentWindow);
    await site.clock.advance(200);
    expect(site.reports.filter(({ type }) => type !== 'action' || data !== null)).toEqual([]);
    expect([frame.title, frame.style.getPropertyValue('height')]).toEqual(before);
    expect(framesIn()).toEqual([frame]);
  });

  test.each<readonly [string, () => unknown]>([
    ['the page itself', () => window],
    ['no window', () => null],
    ['a foreign frame', () => ({})],
  ])('a well-formed message of %s has no effect', async (_, source) => {
    const site = openSite();
    site.show('i1');
    post(hello, source());
    await site.clock.advance(200);
    expect(site.reports).toEqual([]);
  });

  test('a frame cannot speak for another one', async () => {
    const site = openSite();
    site.show('i1');
    site.show('i2', { elementId: 'x-gist-top' });
    post({ gist: { method: 'error', instanceId: 'i1' } }, site.frame('i2').contentWindow);
    expect(site.reports).toEqual([]);
    expect(framesIn()).toHaveLength(2);
  });

  test('eventDispatched is reported with its payload', async () => {
    const site = openSite();
    await site.open('i1');
    site.say('i1', 'eventDispatched', { name: 'analytics:track', payload: { event: 'Bought' } });
    expect(site.reports.slice(1)).toEqual([
      { type: 'event', instanceId: 'i1', name: 'analytics:track', payload: { event: 'Bought' } },
    ]);
  });

  test('sizeChanged sets the height, and a scaled message becomes smaller, down to 0.4', async () => {
    const site = openSite();
    const frame = await site.open('i1');
    site.say('i1', 'sizeChanged', { width: 414, height: 320 });
    expect(frame.style.getPropertyValue('height')).toBe('320px');
    expect(frame.style.getPropertyValue('transform')).toBe('');

    const scaled = await site.open('i2', { elementId: 'x-gist-top', scale: true });
    site.say('i2', 'sizeChanged', { height: window.innerHeight * 2 });
    expect(scaled.style.getPropertyValue('transform')).toBe('scale(0.5)');
    site.say('i2', 'sizeChanged', { height: window.innerHeight * 10 });
    expect(scaled.style.getPropertyValue('transform')).toBe('scale(0.4)');
  });
});

describe('a frame that fails', () => {
  test('is removed after 5 s without routeLoaded, and frees its place', async () => {
    const site = openSite();
    site.show('i1');
    await site.clock.advance(4_999);
    expect(framesIn()).toHaveLength(1);
    expect(site.display.isFree({})).toBe(false);
    expect(site.show('i2')).toBe(false);
    await site.clock.advance(1);
    expect(framesIn()).toEqual([]);
    expect(site.told()).toEqual(['error i1']);
    expect(site.display.isFree({})).toBe(true);
    expect(site.show('i2')).toBe(true);
  });

  test('is not removed after routeLoaded', async () => {
    const site = openSite();
    await site.open('i1');
    await site.clock.advance(60_000);
    expect(framesIn()).toHaveLength(1);
  });

  test.each(['error', 'routeError'])('%s removes its own message only', async (method) => {
    const slot = document.createElement('div');
    slot.id = 'slot';
    document.body.append(slot);
    const site = openSite();
    const modal = await site.open('modal');
    await site.open('inline', { elementId: 'slot' });
    site.say('inline', method);
    expect(framesIn()).toEqual([modal]);
    expect(site.told()).toEqual(['shown modal', 'shown inline', 'error inline']);
    site.say('modal', 'tap', { action: 'gist://close' });
    expect(site.told().slice(3)).toEqual(['action modal', 'dismissed modal']);
  });
});

describe('the colour scheme', () => {
  const schemeOf = (colorScheme: 'default' | 'system' | 'auto', isDark: boolean): unknown => {
    const media = Object.assign(new EventTarget(), { matches: isDark });
    vi.spyOn(window, 'matchMedia').mockReturnValue(media as unknown as MediaQueryList);
    const site = openSite({ colorScheme });
    site.show('i1');
    return (site.posted[0] as { options: { colorScheme: string } }).options.colorScheme;
  };

  test('is light, that of the system, or that of the page', () => {
    expect(schemeOf('default', true)).toBe('light');
    document.body.replaceChildren();
    expect(schemeOf('system', true)).toBe('dark');
    document.body.replaceChildren();
    expect(schemeOf('auto', true)).toBe('light');
    document.body.replaceChildren();
    document.body.style.setProperty('color-scheme', 'dark');
    expect(schemeOf('auto', false)).toBe('dark');
    document.body.style.removeProperty('color-scheme');
  });

  test('is told again when the page changes it', async () => {
    const site = openSite({ colorScheme: 'auto' });
    site.show('i1');
    document.body.style.setProperty('color-scheme', 'dark');
    await vi.waitFor(() =>
      expect(site.posted).toContainEqual({ action: 'updateColorScheme', colorScheme: 'dark' }),
    );
    document.body.dataset['opened'] = 'menu';
    await site.clock.advance(10);
    expect(site.posted.filter((each) => 'action' in Object(each))).toHaveLength(1);
    document.body.style.removeProperty('color-scheme');
  });
});
