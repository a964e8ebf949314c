import { afterEach, describe, expect, test, vi } from 'vitest';
import { tapActionOf } from '../../../../../src/sdk/messages/display/tap-action.ts';
import { framesIn, openSite, post, type Site } from './site.ts';

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

const BASE = 'https://shop.example.com/deep/page?x=1';
const assign = () => vi.spyOn(window.location, 'assign').mockImplementation(() => undefined);

async function tap(action: string, gist = {}, more = {}, needs = {}): Promise<Site> {
  const site = openSite(needs);
  await site.open('i1', gist);
  site.say('i1', 'tap', { action, name: 'buy', ...more });
  return site;
}

describe('a tap', () => {
  test('is reported with action and name, and does nothing else', async () => {
    const go = assign();
    const site = await tap('https://a.example');
    expect(site.reports.slice(1)).toEqual([
      { type: 'action', instanceId: 'i1', action: 'https://a.example', name: 'buy' },
    ]);
    expect(go).not.toHaveBeenCalled();
    expect(framesIn()).toHaveLength(1);
  });

  test('gist://close is reported, and closes once', async () => {
    const site = await tap('gist://close');
    const late = site.frame('i1').contentWindow;
    expect(site.told()).toEqual(['shown i1', 'action i1', 'dismissed i1']);
    expect(site.display.isFree({})).toBe(true);
    // The frame is still there for a moment, to fade.
    post({ gist: { method: 'tap', instanceId: 'i1', parameters: { action: 'gist://close' } } }, late);
    await site.clock.advance(300);
    expect(site.reports).toHaveLength(3);
    expect(framesIn()).toEqual([]);
  });

  test('the place is free when the listener hears of the dismissal', async () => {
    let isFree: boolean | undefined;
    const site: Site = openSite({
      report: ({ type }) => {
        if (type === 'dismissed') isFree = site.display.isFree({}) && site.show('i2');
      },
    });
    await site.open('i1');
    site.display.dismiss('i1');
    expect(isFree).toBe(true);
  });

  test('gist://snooze closes a persistent message and tells for how long; another one is only closed', async () => {
    const site = await tap('gist://snooze?showIn=90', { persistent: true });
    expect(site.reports.at(-1)).toEqual({ type: 'dismissed', instanceId: 'i1', snoozeMinutes: 90 });
    const other = await tap('gist://snooze?showIn=90');
    expect(other.reports.at(-1)).toEqual({ type: 'dismissed', instanceId: 'i1' });
  });

  test('a system tap closes the message, unless it is persistent', async () => {
    const site = await tap('https://a.example', {}, { system: true });
    expect(site.told()).toEqual(['shown i1', 'action i1', 'dismissed i1']);
    const other = await tap('https://a.example', { persistent: true }, { system: true });
    expect(other.told()).toEqual(['shown i1', 'action i1']);
  });

  test('gist://loadPage goes to the page', async () => {
    const go = assign();
    await tap('gist://loadPage?url=/cart');
    expect(go.mock.calls).toEqual([[new URL('/cart', location.href).href]]);
  });

  test('gist://loadPage never runs script', async () => {
    const go = assign();
    const site = await tap('gist://loadPage?url=javascript:alert(1)');
    expect(go).not.toHaveBeenCalled();
    expect(site.told()).toEqual(['shown i1', 'action i1']);
  });

  test('gist://showMessage is handed to the caller, and is only reported without one', async () => {
    const showMessage = vi.fn<(messageId: string, properties: object) => void>();
    const packed = btoa(JSON.stringify({ price: 3 }));
    const action = `gist://showMessage?messageId=m2&properties=${packed}`;
    await tap(action, {}, {}, { showMessage });
    expect(showMessage.mock.calls).toEqual([['m2', { price: 3 }]]);
    const site = await tap(action);
    expect(site.told()).toEqual(['shown i1', 'action i1']);
  });
});

describe('the actions', () => {
  test.each([
    ['/cart', 'https://shop.example.com/cart'],
    ['cart', 'https://shop.example.com/deep/cart'],
    ['%2Fcart%3Fa%3D1', 'https://shop.example.com/cart?a=1'],
    ['https://a.example/?a=1&b=2', 'https://a.example/?a=1&b=2'],
    ['https%3A%2F%2Fa.example%2F%3Fa%3D1%26b%3D2', 'https://a.example/?a=1&b=2'],
    ['http://a.example', 'http://a.example/'],
    ['mailto:shop@a.example', 'mailto:shop@a.example'],
  ])('loadPage of %s', (url, expected) => {
    expect(tapActionOf(`gist://loadPage?url=${url}`, BASE)).toEqual({ kind: 'load', url: expected });
  });

  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'java\tscript:alert(1)',
    'javascript%3Aalert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://shop.example.com/1',
    'file:///etc/passwd',
    'http://[',
    '',
  ])('loadPage refuses %j', (url) => {
    expect(tapActionOf(`gist://loadPage?url=${url}`, BASE)).toBeUndefined();
  });

  test.each([
    ['gist://snooze', 60],
    ['gist://snooze?showIn=', 60],
    ['gist://snooze?showIn=x', 60],
    ['gist://snooze?showIn=1', 1],
    ['gist://snooze?showIn=-5', 1],
    ['gist://snooze?showIn=1e9', 43_200],
  ])('%s is %d minutes', (action, minutes) => {
    expect(tapActionOf(action, BASE)).toEqual({ kind: 'snooze', minutes });
  });

  test('properties of showMessage that are no base64 of JSON are empty', () => {
    for (const properties of ['', '%%%', btoa('7'), btoa('null'), btoa('{')])
      expect(tapActionOf(`gist://showMessage?messageId=m&properties=${properties}`, BASE)).toEqual({
        kind: 'message',
        messageId: 'm',
        properties: {},
      });
    expect(tapActionOf('gist://showMessage', BASE)).toBeUndefined();
  });

  test.each([
    '',
    'close',
    'gist://',
    'gist://closed',
    'https://a.example/gist://close',
    'my-app://gist://close',
  ])('%j is only reported', (action) => {
    expect(tapActionOf(action, BASE)).toBeUndefined();
  });
});
