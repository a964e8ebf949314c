/** Messages of windows that are not the SDK's frame: no effect, and no error. */
import type { Page } from 'playwright';
import {
  expect,
  frameCount,
  heard,
  metrics,
  passMarker,
  test,
  untilShown,
} from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';
import { messagePage } from '../../support/site/message-pages.ts';
import { page as html } from '../../support/site/site-pages.ts';

/** Records the ids of the frames, which a hostile script could read as well. */
const readIds = (page: Page): Promise<unknown> =>
  page.evaluate(() => {
    const ids = ((window as unknown as { ids: Set<string> }).ids = new Set<string>());
    window.addEventListener('message', ({ data, source }: MessageEvent) => {
      if (source === window.messageFrames()[0]?.contentWindow) ids.add(data.gist.instanceId);
    });
  });

const METHODS = [
  'routeLoaded',
  'tap',
  'error',
  'routeError',
  'sizeChanged',
  'titleChanged',
  'eventDispatched',
];
const PARAMETERS = {
  action: 'gist://close',
  name: 'forged',
  height: 7,
  title: 'Forged',
  payload: { forged: true },
};

for (const from of ['a foreign frame', 'the page itself'])
  test(`well-formed messages of ${from} have no effect`, async ({ visit, site, standIn }) => {
    await site.change({
      pages: {
        '/messages': messagePage('<iframe data-foreign src="/foreign"></iframe>'),
        '/foreign': { body: html('Foreign', '<h1>Foreign</h1>') },
      },
    });
    await standIn.setMessages('u1', [message()]);
    const page = await visit();
    await readIds(page);
    await page.evaluate(() => window.analytics.identify('u1'));
    await untilShown(page, 'q1');
    const ids = await page.evaluate(() => [...(window as unknown as { ids: Set<string> }).ids]);
    expect(ids).toHaveLength(1);
    const foreign = page.frames().find((each) => each.url().endsWith('/foreign'));
    await (from === 'the page itself' ? page : foreign)?.evaluate(
      ([methods, parameters, instanceId]) => {
        for (const method of methods)
          window.parent.postMessage({ gist: { method, instanceId, parameters } }, '*');
      },
      [METHODS, PARAMETERS, ids[0]] as const,
    );
    await passMarker(page, standIn);
    expect(await heard(page)).toEqual(['shown gist-html-q1']);
    expect(await frameCount(page)).toBe(1);
    expect(await metrics(standIn)).toEqual([{ deliveryId: 'd1', metric: 'opened' }]);
    expect(await standIn.names()).not.toContain('forged');
    await expect(page.getByRole('dialog', { name: 'A message' })).toBeVisible();
  });

test('nonsense, of the page, of a foreign frame, and of the frame itself, has no effect', async ({
  visit,
  site,
  standIn,
}) => {
  await site.change({
    pages: {
      '/messages': messagePage('<iframe data-foreign src="/foreign"></iframe>'),
      '/foreign': { body: html('Foreign', '<h1>Foreign</h1>') },
    },
  });
  await standIn.setMessages('u1', [message()]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  for (const frame of page.frames())
    await frame.evaluate(() => {
      const circle: { gist?: unknown } = {};
      circle.gist = circle;
      const nonsense = [
        null,
        undefined,
        7,
        '',
        'x'.repeat(1_000_000),
        [],
        {},
        { gist: null },
        { gist: 'close' },
        { gist: { method: 'tap' } },
        { gist: { method: {}, instanceId: [], parameters: 7 } },
        circle,
        new Map([['gist', 1]]),
        new Uint8Array(1_000),
      ];
      for (const each of nonsense) window.parent.postMessage(each, '*');
    });
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual(['shown gist-html-q1']);
  expect(await frameCount(page)).toBe(1);
  await expect(page.getByRole('dialog')).toBeVisible();
});

test('a message that taps and asks for events as fast as it can does not break the page', async ({
  visit,
  standIn,
}) => {
  const flood = `<p>Flood</p><script>
    for (let i = 0; i < 500; i++) {
      message.post('sizeChanged', { height: i % 2 ? -1 : 'high' });
      message.post('tap', { action: { toString: 1 }, name: [] });
      message.post('titleChanged', { title: 7 });
      message.post('routeLoaded');
      message.post('nonsense', null);
    }
  </script>`;
  await standIn.setMessages('u1', [message({ html: flood })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await passMarker(page, standIn);
  expect(await heard(page)).toEqual(['shown gist-html-q1']);
  expect(await metrics(standIn)).toEqual([{ deliveryId: 'd1', metric: 'opened' }]);
});
