/** What a browser stores of a person's messages, and what is left after the logout. */
import type { Page } from 'playwright';
import { expect, frameCount, seen, stats, test, untilShown } from '../../support/site/message-visits.ts';
import { keptBy } from '../../support/page/kept.ts';
import { message } from '../../support/site/in-app-message.ts';
import { messagePage } from '../../support/site/message-pages.ts';

const USER = 'dora+müller@example.com';
const TEXT = 'A text that only Dora may read';
const MODAL = message({
  queueId: 'queue-4711',
  deliveryId: 'delivery-4711',
  messageId: 'gist-html-queue-4711',
  html: `<p>${TEXT}</p>`,
});
const INLINE = message({ queueId: 'queue-4712', deliveryId: 'delivery-4712', gist: { elementId: 'slot' } });

/** The parts of a message that nobody may find in the storage: its text, plain and packed. */
const packed = (MODAL.properties['gist'] as { readonly encodedMessageHtml: string }).encodedMessageHtml;
const NEVER = [TEXT, packed, packed.slice(20, 60), 'Title in the inbox'];

/** What may be stored while the person is known, and must be gone after the logout. */
const OF_THE_PERSON = [
  USER,
  encodeURIComponent(USER),
  Buffer.from(USER).toString('base64'),
  'dora',
  'queue-471',
  'delivery-471',
  'inbox-4711',
];

/** Everything that is stored, with what is URI-encoded also in clear. */
async function storedBy(page: Page): Promise<string> {
  const kept = await keptBy(page);
  return kept + kept.replace(/(?:%[\dA-F]{2})+/g, (part) => decodeURIComponent(part));
}

test('after anonymize: frames and inbox are gone in the same tick, and nothing of the person is stored', async ({
  visit,
  site,
  standIn,
}) => {
  await site.page('/messages', messagePage('<div id="slot">Own content</div>'));
  await standIn.setPeople({
    [USER]: {
      messages: [
        {
          queueId: 'inbox-4711',
          opened: false,
          sentAt: '2026-01-02T03:04:05Z',
          properties: { title: 'Title in the inbox' },
        },
      ],
      inAppMessages: [MODAL, INLINE],
    },
  });
  const page = await visit();
  await page.evaluate(() => window.listen());
  await page.evaluate((id) => window.analytics.identify(id), USER);
  await untilShown(page, 'queue-4711');
  await untilShown(page, 'queue-4712');
  await expect.poll(() => page.evaluate(() => window.inboxes.at(-1))).toEqual(['inbox-4711']);
  await expect.poll(async () => (await seen(standIn)).length).toBe(2);
  const known = await storedBy(page);
  for (const text of NEVER) expect(known).not.toContain(text);

  const after = await page.evaluate(() => {
    window.analytics.anonymize();
    return { frames: window.messageFrames().length, inbox: window.inboxes.at(-1) };
  });
  expect(after).toEqual({ frames: 0, inbox: [] });
  await page.evaluate(() => window.analytics.flush());
  await expect.poll(async () => (await stats(page)).pending).toBe(0);
  await expect
    .poll(async () => {
      const kept = await storedBy(page);
      return [...NEVER, ...OF_THE_PERSON].filter((text) => kept.includes(text));
    })
    .toEqual([]);
  const keys = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]);
  expect(keys.filter((key) => key.startsWith('gist'))).toEqual([]);
  expect(await frameCount(page)).toBe(0);
});
