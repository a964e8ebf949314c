import { afterEach, describe, expect, test, vi } from 'vitest';
import { tooltipPosition } from '../../../../../src/sdk/messages/display/tooltip-position.ts';
import { createStyles } from '../../../../../src/sdk/messages/display/style-sheet.ts';
import { framesIn, openSite, type Site } from './site.ts';

afterEach(() => {
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const dialogOf = (frame: HTMLElement): HTMLDialogElement => {
  const dialog = frame.closest('dialog');
  if (!dialog) throw new Error('the frame is in no dialog');
  return dialog;
};
const key = (name: string, init: KeyboardEventInit = {}): KeyboardEvent =>
  new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true, ...init });
const styleOf = (element: Element | null, name: string): string =>
  (element as HTMLElement).style.getPropertyValue(name);
const addElement = (id: string, text = ''): HTMLElement => {
  const element = document.createElement('div');
  element.id = id;
  element.textContent = text;
  document.body.append(element);
  return element;
};

describe('under a policy without inline styles and with Trusted Types', () => {
  test('no surface has a style element, markup or a style attribute of markup', async () => {
    const markup = vi.spyOn(Element.prototype, 'innerHTML', 'set');
    addElement('slot');
    addElement('anchor');
    const site = openSite();
    await site.open('modal', { overlayColor: '#11223344', position: 'top' });
    await site.open('overlay', { elementId: 'x-gist-floating-bottom-left' });
    await site.open('inline', { elementId: 'slot' });
    await site.open('tooltip', { elementId: 'anchor', tooltipPosition: 'left', tooltipArrowColor: 'red' });
    for (const frame of framesIn()) {
      const root = frame.getRootNode() as ShadowRoot;
      expect(root.querySelector('style, link')).toBeNull();
      expect(root.adoptedStyleSheets).toHaveLength(1);
    }
    expect(framesIn()).toHaveLength(4);
    expect(markup).not.toHaveBeenCalled();
  });

  test('all surfaces share one style sheet, which stops motion for those who want less', () => {
    const site = openSite();
    site.show('modal');
    site.show('overlay', { elementId: 'x-gist-top' });
    const sheets = framesIn().map((frame) => (frame.getRootNode() as ShadowRoot).adoptedStyleSheets[0]);
    expect(new Set(sheets).size).toBe(1);
    expect(sheets[0]?.cssRules.length).toBeGreaterThan(10);
    let text = '';
    createStyles(
      class {
        replaceSync(styles: string): void {
          text = styles;
        }
      } as typeof CSSStyleSheet,
    );
    expect(text).toMatch(/prefers-reduced-motion[\s\S]*transition:\s*none/);
    expect(text).toMatch(/max-width:\s*600px[\s\S]*width:\s*100%/);
    expect(text).toMatch(/max-height:\s*100d?vh/);
  });
});

test.each<readonly [string, Record<string, unknown>]>([
  ['a modal', {}],
  ['an overlay', { elementId: 'x-gist-top' }],
  ['an inline message', { elementId: 'slot' }],
  ['a tooltip', { elementId: 'slot', tooltipPosition: 'top' }],
])('Tab does not reach %s before it is visible, and while it fades', async (_, gist) => {
  const slot = addElement('slot');
  const site = openSite();
  await site.load('i1', gist);
  const frame = site.frame('i1');
  const root = frame.getRootNode() as ShadowRoot;
  const isInert = (): boolean => [frame, root.host].some((each) => (each as HTMLElement).inert);
  expect(isInert()).toBe(true);
  site.say('i1', 'routeLoaded');
  await site.clock.advance(100);
  expect(isInert()).toBe(false);
  site.display.dismiss('i1');
  expect(!frame.isConnected || isInert()).toBe(true);
  expect(slot.inert).toBe(false);
});

describe('a modal', () => {
  test.each(['center', 'top', 'bottom'])(
    'stands at %s, 414 pixels wide over its colour',
    async (position) => {
      const site = openSite();
      const dialog = dialogOf(await site.open('i1', { position, overlayColor: '#10203040' }));
      expect(dialog.classList.contains(position)).toBe(true);
      expect(styleOf(dialog, '--width')).toBe('414px');
      expect(styleOf(dialog, 'background-color')).toBe('#10203040');
    },
  );

  test('has the width and the default colour of the message', async () => {
    const site = openSite();
    const dialog = dialogOf(await site.open('i1', { messageWidth: 300 }));
    expect(styleOf(dialog, '--width')).toBe('300px');
    expect(styleOf(dialog, 'background-color')).toBe('#00000033');
  });

  test('is a modal dialog with a name, which blocks the page when it is visible and not before', async () => {
    const showModal = vi.spyOn(HTMLDialogElement.prototype, 'showModal');
    const site = openSite();
    site.show('i1');
    expect(showModal).not.toHaveBeenCalled();
    site.say('i1', 'routeLoaded');
    await site.clock.advance(100);
    expect(showModal).toHaveBeenCalledTimes(1);
    const dialog = dialogOf(site.frame('i1'));
    expect(dialog.getAttribute('role')).toBe('dialog');
    expect(dialog.getAttribute('aria-modal')).toBe('true');
    expect(dialog.getAttribute('aria-label')).not.toBe('');
    expect(dialog.open).toBe(true);
  });

  test('gets the focus, and gives it back, without a scroll jump', async () => {
    const button = document.createElement('button');
    document.body.append(button);
    button.focus();
    const focus = vi.spyOn(HTMLElement.prototype, 'focus');
    const site = openSite();
    const dialog = dialogOf(await site.open('i1'));
    expect((dialog.getRootNode() as ShadowRoot).activeElement).toBe(dialog);
    site.say('i1', 'tap', { action: 'gist://close' });
    expect(document.activeElement).toBe(button);
    expect(dialog.open).toBe(false);
    expect(focus.mock.calls).toEqual([[{ preventScroll: true }], [{ preventScroll: true }]]);
  });

  test('keeps Tab inside: from its end to the dialog, and backwards from the dialog into the frame', async () => {
    const site = openSite();
    const frame = await site.open('i1');
    const dialog = dialogOf(frame);
    const root = dialog.getRootNode() as ShadowRoot;
    const end = dialog.lastElementChild as HTMLElement;
    expect([dialog.tabIndex, end.tabIndex]).toEqual([0, 0]);
    end.dispatchEvent(new FocusEvent('focus'));
    expect(root.activeElement).toBe(dialog);
    const into = vi.spyOn(frame, 'focus');
    const back = key('Tab', { shiftKey: true });
    dialog.dispatchEvent(back);
    expect(back.defaultPrevented).toBe(true);
    expect(into).toHaveBeenCalledTimes(1);
    const onward = key('Tab');
    dialog.dispatchEvent(onward);
    expect(onward.defaultPrevented).toBe(false);
  });

  test.each([true, false])('Escape and the gesture "back" close it if exitClick: %s', async (exitClick) => {
    for (const event of [key('Escape'), new Event('cancel', { cancelable: true })]) {
      const site = openSite();
      const dialog = dialogOf(await site.open('i1', { exitClick }));
      dialog.dispatchEvent(event);
      expect(event.defaultPrevented).toBe(true);
      expect(site.told()).toEqual(['shown i1', ...(exitClick ? ['dismissed i1'] : [])]);
      expect(site.display.isFree({})).toBe(exitClick);
      site.display.removeAll();
    }
  });

  test('a dialog that the browser has closed is opened again, unless exitClick', async () => {
    const site = openSite();
    const dialog = dialogOf(await site.open('i1'));
    dialog.close();
    expect(dialog.open).toBe(true);
    expect(site.told()).toEqual(['shown i1']);
    site.display.removeAll();
    const other = dialogOf(await site.open('i2', { exitClick: true }));
    other.close();
    expect(other.open).toBe(false);
    expect(site.told().at(-1)).toBe('dismissed i2');
  });

  test('a click beside it closes it after one second, if exitClick; one on the frame never', async () => {
    const site = openSite();
    const frame = await site.open('i1', { exitClick: true });
    const dialog = dialogOf(frame);
    const click = (): MouseEvent => new MouseEvent('click', { bubbles: true });
    await site.clock.advance(999);
    dialog.dispatchEvent(click());
    await site.clock.advance(1);
    frame.dispatchEvent(click());
    expect(site.told()).toEqual(['shown i1']);
    dialog.dispatchEvent(click());
    expect(site.told()).toEqual(['shown i1', 'dismissed i1']);

    const stays = dialogOf(await site.open('i2'));
    await site.clock.advance(5_000);
    stays.dispatchEvent(click());
    expect(site.told().at(-1)).toBe('shown i2');
  });

  test('fades for 300 ms, in which the next one may come; at once for those who want less motion', async () => {
    const site = openSite();
    await site.open('i1');
    site.display.dismiss('i1');
    expect(framesIn()).toHaveLength(1);
    expect(await site.open('i2')).toBeInstanceOf(HTMLIFrameElement);
    await site.clock.advance(200);
    expect(framesIn()).toEqual([site.frame('i2')]);
    vi.spyOn(window, 'matchMedia').mockReturnValue({ matches: true } as MediaQueryList);
    site.display.dismiss('i2');
    expect(framesIn()).toEqual([]);
  });

  test('is an error in a browser without modal dialogs', async () => {
    vi.spyOn(HTMLDialogElement.prototype, 'showModal').mockImplementation(() => {
      throw new TypeError('showModal is not a function');
    });
    const site = openSite();
    await site.open('i1');
    expect(site.told()).toEqual(['error i1']);
    expect(framesIn()).toEqual([]);
  });
});

describe('an overlay', () => {
  const PLACES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'x-gist-top': { top: '0px', '--width': '100%' },
    'x-gist-bottom': { bottom: '0px', '--width': '100%' },
    'x-gist-floating-top': { top: '0px', '--width': '414px', left: '', right: '' },
    'x-gist-floating-bottom': { bottom: '0px', '--width': '414px', left: '', right: '' },
    'x-gist-floating-top-left': { top: '0px', right: 'auto', left: '' },
    'x-gist-floating-top-right': { top: '0px', left: 'auto', right: '' },
    'x-gist-floating-bottom-left': { bottom: '0px', right: 'auto', left: '' },
    'x-gist-floating-bottom-right': { bottom: '0px', left: 'auto', right: '' },
  };

  test.each(Object.entries(PLACES))('%s', async (elementId, expected) => {
    addElement('page');
    const site = openSite();
    const box = (await site.open('i1', { elementId })).parentElement;
    for (const [name, value] of Object.entries(expected)) expect(styleOf(box, name), name).toBe(value);
    expect(styleOf(box, 'top' in expected ? 'bottom' : 'top')).toBe('');
    const edge = 'top' in expected ? document.body.firstElementChild : document.body.lastElementChild;
    expect(edge?.localName).toBe('cio-message');
  });

  test('leaves the page usable, each place holds one message, and a modal may be open as well', async () => {
    const showModal = vi.spyOn(HTMLDialogElement.prototype, 'showModal');
    const site = openSite();
    await site.open('i1', { elementId: 'x-gist-top' });
    expect(site.show('i2', { elementId: 'x-gist-top' })).toBe(false);
    expect(site.show('i3', { elementId: 'x-gist-bottom' })).toBe(true);
    expect(showModal).not.toHaveBeenCalled();
    expect(site.show('i4')).toBe(true);
  });
});

describe('an inline message', () => {
  test('takes the place of the content of an element, by id or by selector, and gives it back', async () => {
    for (const elementId of ['slot', '#slot', 'div[id="slot"]']) {
      const slot = addElement('slot', 'Our own text');
      const site = openSite();
      await site.open('i1', { elementId });
      expect(slot.shadowRoot?.querySelector('slot')).toBeNull();
      expect(slot.shadowRoot?.querySelector('iframe')).toBe(site.frame('i1'));
      site.display.dismiss('i1');
      expect(framesIn()).toEqual([]);
      expect(slot.textContent).toBe('Our own text');
      expect(slot.shadowRoot?.firstElementChild?.localName).toBe('slot');
      // The second one finds the shadow root of the first.
      expect(site.show('i2', { elementId })).toBe(true);
      site.display.removeAll();
      slot.remove();
    }
  });

  test('replaces the content of an element that can have no shadow root, and puts the same nodes back', async () => {
    const slot = addElement('slot', 'Our own text');
    slot.attachShadow({ mode: 'closed' });
    const content = [...slot.childNodes];
    const site = openSite();
    await site.open('i1', { elementId: 'slot' });
    expect(slot.textContent).toBe('');
    expect(framesIn(slot)).toHaveLength(1);
    site.display.dismiss('i1');
    expect([...slot.childNodes]).toEqual(content);
    expect(framesIn()).toEqual([]);
  });

  test('waits for an element that comes later', async () => {
    const site = openSite();
    expect(site.show('i1', { elementId: 'slot' })).toBe(true);
    expect(site.display.isFree({ gist: { elementId: 'slot' } })).toBe(false);
    await site.clock.advance(8_000);
    expect(framesIn()).toEqual([]);
    addElement('slot');
    await vi.waitFor(() => expect(framesIn()).toHaveLength(1));
    expect(site.reports).toEqual([]);
  });

  test('waits for 30 s, and then frees its place', async () => {
    const site = openSite();
    site.show('i1', { elementId: 'slot' });
    await site.clock.advance(29_999);
    expect(site.reports).toEqual([]);
    await site.clock.advance(1);
    expect(site.told()).toEqual(['gone i1']);
    expect(site.display.isFree({ gist: { elementId: 'slot' } })).toBe(true);
    addElement('slot');
    await site.clock.advance(10);
    expect(framesIn()).toEqual([]);
  });

  test('waits where the text is no selector', () => {
    const site = openSite();
    expect(site.show('i1', { elementId: '[[' })).toBe(true);
    expect(framesIn()).toEqual([]);
  });

  test('two selectors of one element do not show two messages in it', async () => {
    addElement('slot');
    const site = openSite();
    await site.open('i1', { elementId: 'slot' });
    site.show('i2', { elementId: '#slot' });
    expect(framesIn()).toEqual([site.frame('i1')]);
  });

  test('ends when its element is removed', async () => {
    const slot = addElement('slot');
    const site = openSite();
    await site.open('i1', { elementId: 'slot' });
    slot.remove();
    await vi.waitFor(() => expect(site.told()).toEqual(['shown i1', 'gone i1']));
    expect(site.display.isFree({ gist: { elementId: 'slot' } })).toBe(true);
    expect(framesIn(slot)).toEqual([]);
  });

  test('has the height of its content, and the own height of the element if that has one', async () => {
    const site = openSite();
    addElement('slot');
    const frame = await site.open('i1', { elementId: 'slot' });
    site.say('i1', 'sizeChanged', { height: 5_000 });
    expect(styleOf(frame, 'height')).toBe('5000px');
    expect(frame.classList.contains('free')).toBe(true);

    const fixed = addElement('fixed');
    fixed.style.setProperty('height', '120px');
    const other = await site.open('i2', { elementId: 'fixed' });
    site.say('i2', 'sizeChanged', { height: 5_000 });
    expect(styleOf(other, 'height')).toBe('100%');
    expect(fixed.style.height).toBe('120px');
    site.display.removeAll();
    expect(fixed.style.height).toBe('120px');
  });
});

describe('a tooltip', () => {
  const rectangle = (left: number, top: number, width: number, height: number): DOMRect =>
    ({ left, top, width, height }) as DOMRect;

  async function tip(gist: Record<string, unknown> = {}): Promise<[Site, HTMLElement, HTMLElement]> {
    const anchor = addElement('anchor');
    anchor.getBoundingClientRect = () => rectangle(300, 300, 100, 20);
    anchor.scrollIntoView = vi.fn<Element['scrollIntoView']>();
    const site = openSite();
    const frame = await site.open('i1', { elementId: 'anchor', tooltipPosition: 'bottom', ...gist });
    return [site, anchor, frame.parentElement as HTMLElement];
  }

  test('points at its element, and has the colour of the arrow', async () => {
    const [, anchor, box] = await tip({ tooltipArrowColor: '#abcdef' });
    expect(styleOf(box, 'top')).toBe('330px');
    expect(styleOf(box.querySelector('.arrow'), 'background-color')).toBe('#abcdef');
    expect(anchor.scrollIntoView).toHaveBeenCalledWith({ block: 'nearest', behavior: 'smooth' });
  });

  test.each(['scroll', 'resize'])('follows its element at %s', async (type) => {
    const [, anchor, box] = await tip();
    anchor.getBoundingClientRect = () => rectangle(300, 200, 100, 20);
    window.dispatchEvent(new Event(type));
    expect(styleOf(box, 'top')).toBe('230px');
  });

  test('ends with its element', async () => {
    const [site, anchor] = await tip();
    anchor.remove();
    await vi.waitFor(() => expect(site.told()).toEqual(['shown i1', 'gone i1']));
    expect(framesIn()).toEqual([]);
  });

  const ROOM = { width: 1_000, height: 800 };
  const SIZE = { width: 200, height: 100 };
  test.each([
    ['top', { left: 400, top: 400, width: 100, height: 20 }, 'top', 350, 290],
    ['bottom', { left: 400, top: 400, width: 100, height: 20 }, 'bottom', 350, 430],
    ['left', { left: 400, top: 400, width: 100, height: 20 }, 'left', 190, 360],
    ['right', { left: 400, top: 400, width: 100, height: 20 }, 'right', 510, 360],
    // The other side, where it does not fit.
    ['top', { left: 400, top: 50, width: 100, height: 20 }, 'bottom', 350, 80],
    ['bottom', { left: 400, top: 750, width: 100, height: 20 }, 'top', 350, 640],
    ['left', { left: 20, top: 400, width: 100, height: 20 }, 'right', 130, 360],
    ['right', { left: 880, top: 400, width: 100, height: 20 }, 'left', 670, 360],
    // Inside the viewport.
    ['bottom', { left: 0, top: 400, width: 20, height: 20 }, 'bottom', 0, 430],
    ['bottom', { left: 980, top: 400, width: 20, height: 20 }, 'bottom', 800, 430],
    // Neither left nor right has room.
    ['left', { left: 100, top: 400, width: 800, height: 20 }, 'bottom', 400, 430],
  ] as const)('%s of %o stands at %s', (wanted, anchor, side, left, top) => {
    expect(tooltipPosition(anchor, SIZE, ROOM, wanted)).toMatchObject({ side, left, top });
  });
});
