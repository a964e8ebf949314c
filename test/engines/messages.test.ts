/**
 * An in-app message in every engine, under the strictest policy: drawn in its frame, clicked, closed, and told
 * to Customer.io.
 */
import { expect, test } from 'vitest';
import { message, type MessageParts } from '../support/site/in-app-message.ts';
import { calls, metrics, seen } from '../support/site/message-visits.ts';
import { type Tab, until } from './engine.ts';
import { MESSAGES_PATH, strictMessagePages } from './pages.ts';
import { inEveryEngine } from './setup.ts';

const button = (action: string, name: string): string =>
  `<button data-action="${action}" data-name="${name}">${name}</button>`;

const frame = (): HTMLIFrameElement | undefined => window.messageFrames()[0];

/** What the page gets to know: `shown gist-html-q1`. */
const heard = (tab: Tab): Promise<readonly string[]> =>
  tab.evaluate(() => window.heard.map(({ type, messageId }) => `${type} ${messageId}`));

const untilHeard = (tab: Tab, event: string): Promise<void> =>
  until(event, async () => (await heard(tab)).includes(event));

const OPENED = { deliveryId: 'd1', metric: 'opened' };

inEveryEngine(({ openPage, outerHosts, site, standIn, arrived }) => {
  /** Opens the page, signs in, and waits until the message is drawn. */
  async function show(parts: MessageParts = {}): Promise<Tab> {
    await standIn().setMessages('u1', [message(parts)]);
    await site().change({ customers: true, pages: strictMessagePages() });
    const tab = await openPage(strictMessagePages()[MESSAGES_PATH] ?? { body: '' }, MESSAGES_PATH);
    await tab.evaluate(() => {
      document.getElementById('first')?.focus();
      void window.analytics.identify('u1');
    });
    await untilHeard(tab, 'shown gist-html-q1');
    return tab;
  }

  /** Waits until Customer.io knows these facts, and checks that it knows no other, and each once. */
  async function expectTold(tab: Tab, ...told: readonly object[]): Promise<void> {
    await until('the request "seen"', async () => (await seen(standIn())).length > 0);
    // The outbox keeps the order: what the page wanted to send before the marker has arrived with it.
    await tab.evaluate(() => void window.analytics.track('Marker'));
    await arrived(['Marker'], { events: told.length + 2 });
    expect(await metrics(standIn())).toEqual(told);
    expect(await seen(standIn())).toEqual(['q1 200']);
    expect(await calls(site(), 'fetch')).toEqual(['200']);
    expect(outerHosts()).toEqual([]);
  }

  const untilGone = (tab: Tab): Promise<void> =>
    until('no frame', () => tab.evaluate(() => window.messageFrames().length === 0));

  test('a modal is drawn in its frame, over the page, and told as seen and opened', async () => {
    const tab = await show({ html: '<p>Hello of q1</p>' });
    await until('its text', async () => (await tab.textOf(frame)).includes('Hello of q1'));
    const drawn = await tab.evaluate(() => {
      const [found] = window.messageFrames();
      const { width = 0, height = 0, left = 0, top = 0 } = found?.getBoundingClientRect() ?? {};
      return {
        frames: window.messageFrames().length,
        path: new URL(found?.src ?? '').pathname,
        sandbox: found?.sandbox.contains('allow-scripts') && !found.sandbox.contains('allow-same-origin'),
        isOpen: found?.closest('dialog')?.open,
        hasSize: width > 100 && height > 10,
        isOnTop: document.elementFromPoint(left + width / 2, top + height / 2)?.localName,
        behind: document.elementFromPoint(20, 20)?.localName,
        hasFocus: document.activeElement?.localName,
      };
    });
    expect(drawn).toMatchObject({
      frames: 1,
      path: expect.stringMatching(/^\/e\/v1\/frame\//) as unknown,
      sandbox: true,
      isOpen: true,
      hasSize: true,
      isOnTop: 'cio-message',
      behind: 'cio-message',
      hasFocus: 'cio-message',
    });
    await expectTold(tab, OPENED);
    expect(await heard(tab)).toEqual(['shown gist-html-q1']);
  });

  test('a click of the button: the page and Customer.io get the action once, and the message stays', async () => {
    const tab = await show({ html: button('https://a.example', 'buy') });
    await tab.click('[data-name="buy"]', frame);
    await untilHeard(tab, 'action gist-html-q1');
    const [, action] = await tab.evaluate(() => window.heard);
    const { actionName, actionValue } = { actionName: 'buy', actionValue: 'https://a.example' };
    expect(action).toMatchObject({ deliveryId: 'd1', actionName, actionValue });
    await expectTold(tab, OPENED, { deliveryId: 'd1', metric: 'clicked', actionName, actionValue });
    expect(await heard(tab)).toEqual(['shown gist-html-q1', 'action gist-html-q1']);
    expect(await tab.evaluate(() => window.messageFrames().length)).toBe(1);
  });

  test('gist://loadPage leads to the page of the site, and the click arrives once', async () => {
    const url = 'gist://loadPage?url=/cart';
    const tab = await show({ html: button(url, 'go') });
    await tab.click('[data-name="go"]', frame);
    await until('the page', () =>
      tab.evaluate(() => location.pathname === '/cart' && 'analytics' in window && 'heard' in window),
    );
    await until('the click', async () => (await metrics(standIn())).length === 2);
    const clicked = { deliveryId: 'd1', metric: 'clicked', actionName: 'go', actionValue: url };
    await tab.evaluate(() => void window.analytics.track('Marker'));
    await arrived(['Marker'], { events: 4 });
    expect(await metrics(standIn())).toEqual([OPENED, clicked]);
    expect(await seen(standIn())).toEqual(['q1 200']);
    expect(outerHosts()).toEqual([]);
  });

  test('the button that closes: the message is gone, the focus is back, and the page can be used', async () => {
    const tab = await show();
    await tab.click('[data-name="close"]', frame);
    await untilHeard(tab, 'dismissed gist-html-q1');
    await untilGone(tab);
    expect(await tab.evaluate(() => window.focused()?.id)).toBe('first');
    await tab.evaluate(() => {
      const first = document.getElementById('first');
      first?.addEventListener('click', () => first.setAttribute('data-clicked', ''));
    });
    await tab.click('#first');
    expect(await tab.evaluate(() => document.querySelectorAll('[data-clicked]').length)).toBe(1);
    await expectTold(tab, OPENED);
    expect(await heard(tab)).toEqual(['shown', 'action', 'dismissed'].map((type) => `${type} gist-html-q1`));
  });

  test('Escape closes a message that allows it, and the focus is back', async () => {
    const tab = await show({ gist: { exitClick: true } });
    await tab.press('Escape');
    await untilHeard(tab, 'dismissed gist-html-q1');
    await untilGone(tab);
    expect(await tab.evaluate(() => window.focused()?.id)).toBe('first');
    await expectTold(tab, OPENED);
  });

  test('Escape, three times, does not close a message that does not allow it', async () => {
    const tab = await show();
    for (let times = 0; times < 3; times++) await tab.press('Escape');
    await expectTold(tab, OPENED);
    expect(await heard(tab)).toEqual(['shown gist-html-q1']);
    expect(await tab.evaluate(() => window.messageFrames()[0]?.closest('dialog')?.open)).toBe(true);
  });
});
