/** Where messages are on the page, under policies without inline styles. */
import type { Page } from 'playwright';
import { expect, test, untilShown } from '../../support/site/message-visits.ts';
import { type GistProperties, message } from '../../support/site/in-app-message.ts';
import { messagePage, STRICT_POLICY } from '../../support/site/message-pages.ts';

interface Layout {
  readonly viewport: readonly [width: number, height: number];
  readonly dialog: readonly number[] | undefined;
  readonly color: string | undefined;
  readonly frame: Readonly<Record<'left' | 'top' | 'width' | 'height', number>>;
}

const layoutOf = (page: Page): Promise<Layout> =>
  page.evaluate(() => {
    const [frame] = window.messageFrames();
    const dialog = frame?.closest('dialog');
    const box = dialog?.getBoundingClientRect();
    const { left = 0, top = 0, width = 0, height = 0 } = frame?.getBoundingClientRect() ?? {};
    return {
      viewport: [innerWidth, innerHeight] as const,
      dialog: box && [box.left, box.top, box.width, box.height],
      color: dialog ? getComputedStyle(dialog).backgroundColor : undefined,
      frame: { left, top, width, height },
    };
  });

const HIGH = '<p style="height: 200px">A message</p>';
const heightOf = async (page: Page): Promise<number> => (await layoutOf(page)).frame.height;

for (const [name, policy] of Object.entries({
  'with a name for Trusted Types policies': STRICT_POLICY,
  'without any': STRICT_POLICY.replace(/; trusted-types .*$/, ''),
}))
  test(`a modal, under a strict policy ${name}: backdrop over everything, 414 px in the middle`, async ({
    visit,
    site,
    standIn,
  }) => {
    await site.page('/messages', messagePage('', policy));
    await standIn.setMessages('u1', [message({ html: HIGH })]);
    const page = await visit({ as: 'u1' });
    await untilShown(page, 'q1');
    await expect.poll(() => heightOf(page)).toBe(200);
    const { viewport, dialog, color, frame } = await layoutOf(page);
    expect(dialog).toEqual([0, 0, ...viewport]);
    expect(color).toBe('rgba(0, 0, 0, 0.2)');
    expect(frame.width).toBe(414);
    expect(Math.abs(frame.left + frame.width / 2 - viewport[0] / 2)).toBeLessThanOrEqual(1);
    expect(Math.abs(frame.top + frame.height / 2 - viewport[1] / 2)).toBeLessThanOrEqual(1);
  });

test('a modal on a narrow screen is as wide as the screen', async ({ visit, page, standIn }) => {
  await page.setViewportSize({ width: 375, height: 700 });
  await standIn.setMessages('u1', [message({ html: HIGH })]);
  await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  const { dialog, frame } = await layoutOf(page);
  expect(dialog).toEqual([0, 0, 375, 700]);
  expect([frame.left, frame.width]).toEqual([0, 375]);
});

test('a modal at the upper edge, with a width and a colour of its own', async ({ visit, standIn }) => {
  const gist = { position: 'top', messageWidth: 600, overlayColor: '#ff000080' } as const;
  await standIn.setMessages('u1', [message({ html: HIGH, gist })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  const { color, frame } = await layoutOf(page);
  expect([frame.top, frame.width]).toEqual([0, 600]);
  expect(color).toBe('rgba(255, 0, 0, 0.5)');
});

test('a message that is higher than the screen is cut; one that scales is drawn smaller', async ({
  visit,
  standIn,
}) => {
  const html = '<p style="height: 1440px">High</p>';
  await standIn.setMessages('u1', [message({ html })]);
  await standIn.setMessages('u2', [message({ queueId: 'q2', html, gist: { scale: true } })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await expect.poll(() => heightOf(page)).toBe(720);
  await page.evaluate(() => window.analytics.identify('u2'));
  await untilShown(page, 'q2');
  await expect.poll(() => heightOf(page)).toBe(720);
  expect((await layoutOf(page)).frame.width).toBe(207);
});

const OVERLAYS: readonly (readonly [string, (layout: Layout) => boolean])[] = [
  ['x-gist-top', ({ frame, viewport }) => frame.top === 0 && frame.width === viewport[0]],
  ['x-gist-bottom', ({ frame, viewport }) => isAtBottom(frame, viewport) && frame.width === viewport[0]],
  ['x-gist-floating-top', ({ frame, viewport }) => frame.top === 0 && isCentred(frame, viewport)],
  ['x-gist-floating-top-left', ({ frame }) => frame.top === 0 && frame.left === 0],
  ['x-gist-floating-top-right', ({ frame, viewport }) => frame.top === 0 && isAtRight(frame, viewport)],
  [
    'x-gist-floating-bottom',
    ({ frame, viewport }) => isAtBottom(frame, viewport) && isCentred(frame, viewport),
  ],
  ['x-gist-floating-bottom-left', ({ frame, viewport }) => isAtBottom(frame, viewport) && frame.left === 0],
  [
    'x-gist-floating-bottom-right',
    ({ frame, viewport }) => isAtBottom(frame, viewport) && isAtRight(frame, viewport),
  ],
];

type Frame = Layout['frame'];
type Viewport = Layout['viewport'];
const isNear = (one: number, other: number): boolean => Math.abs(one - other) <= 1;
const isCentred = ({ left, width }: Frame, [room]: Viewport): boolean => isNear(left + width / 2, room / 2);
const isAtRight = ({ left, width }: Frame, [room]: Viewport): boolean => isNear(left + width, room);
const isAtBottom = ({ top, height }: Frame, [, room]: Viewport): boolean => isNear(top + height, room);

for (const [elementId, isRight] of OVERLAYS)
  test(`the overlay ${elementId} is at its place, and the page stays usable`, async ({ visit, standIn }) => {
    const gist: GistProperties = { elementId };
    await standIn.setMessages('u1', [message({ html: HIGH, gist })]);
    const page = await visit({ as: 'u1' });
    await untilShown(page, 'q1');
    await expect.poll(() => heightOf(page)).toBe(200);
    const layout = await layoutOf(page);
    expect(isRight(layout), JSON.stringify(layout)).toBe(true);
    await page.evaluate(() => document.getElementById('first')?.focus());
    expect(await page.evaluate(() => window.focused()?.id)).toBe('first');
  });

test('a tooltip points at its element', async ({ visit, standIn, site }) => {
  await site.page('/messages', messagePage('<p id="anchor">Here</p>'));
  const gist: GistProperties = { elementId: 'anchor', tooltipPosition: 'bottom', messageWidth: 200 };
  await standIn.setMessages('u1', [message({ html: '<p style="height: 50px">Tip</p>', gist })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await expect.poll(() => heightOf(page)).toBe(50);
  const anchor = await page.evaluate(() => document.getElementById('anchor')?.getBoundingClientRect().bottom);
  const { frame } = await layoutOf(page);
  expect(frame.width).toBe(200);
  expect(frame.top).toBeGreaterThanOrEqual(anchor ?? Infinity);
});
