/** A queue of the original SDK in localStorage is broken: no harm, the queue is deleted, and all whole events are delivered. */
import { expect, told } from '../../support/site/fixtures.ts';
import { nameOf } from '../../support/site/stand-in.ts';
import { test } from './broken-page.ts';
import { DESTINATION, QUEUE, queueKeys } from './original-sdk.ts';
import { track } from './setup.ts';

const WHOLE = {
  type: 'track',
  event: 'Whole',
  messageId: 'ajs-next-whole',
  anonymousId: 'a1',
  timestamp: new Date().toISOString(),
  properties: {},
  context: {},
};

for (const { name, queue } of [
  { name: 'no JSON', queue: '[{"id":"x","event":{"type":"track"' },
  { name: 'no list', queue: '{"length":1}' },
  { name: 'null', queue: 'null' },
  {
    name: 'items that are none',
    queue: '[null,1,"x",{},{"event":null},{"event":{"type":"track"}},{"event":{"messageId":"m"}}]',
  },
]) {
  /** Beside the broken queue there is a whole queue of one event. */
  const entries = {
    [QUEUE]: queue,
    [DESTINATION]: JSON.stringify([{ id: 'y', event: WHOLE, logs: [], metrics: [] }]),
    [QUEUE.replace('items', 'seen')]: 'no JSON',
    [QUEUE.replace('items', 'lock')]: '1',
  };
  test(`${name}: no harm, deleted, and 2 of 2 other events delivered once`, ({ brokenPage }) =>
    brokenPage({
      async before({ page, site }) {
        await page.goto(`${site.origin}/blank`);
        await page.evaluate((all) => void Object.assign(localStorage, all), entries);
      },
      does: ({ page }) => track(page, ['New'], 'stored'),
      account: { arrived: ['Whole', 'New'] },
      async alsoCheck({ page, standIn }) {
        const whole = (await standIn.events()).find((event) => nameOf(event) === 'Whole');
        expect(whole?.messageId).toBe('ajs-next-whole');
        expect(await queueKeys(page)).toEqual([]);
        expect(await told(page, 'error')).toEqual([]);
      },
    }));
}
