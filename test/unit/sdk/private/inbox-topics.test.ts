// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { settled } from '../../../fakes/clock.ts';
import { answer, ear, inboxPage, message, shown } from './inbox-setup.ts';

const on = (day: string): { readonly sentAt: string } => ({ sentAt: `2026-01-${day}T00:00:00.000Z` });

describe('the order of the messages', () => {
  test('is by the time of sending, the newest first; without a valid one last, as they came', async () => {
    const { inbox, say } = inboxPage();
    say(() =>
      answer(
        message('x', false, { sentAt: 'never' }),
        message('old', false, on('01')),
        message('y'),
        message('new', false, on('03')),
        message('middle', false, on('02')),
      ),
    );
    expect(shown(await inbox.messages())).toEqual(['new', 'middle', 'old', 'x', 'y']);
  });
});

describe('topics', () => {
  const page = (): ReturnType<typeof inboxPage> => {
    const made = inboxPage();
    made.say(() =>
      answer(
        message('none'),
        message('empty', true, { topics: [] }),
        message('orders', false, { topics: ['orders'] }),
        message('both', true, { topics: ['news', 'orders'] }),
        message('theirs', false, { topics: ['_cio_inbox'] }),
        message('mixed', false, { topics: ['orders', '_cio_other'] }),
      ),
    );
    return made;
  };

  test.each([
    [[], ['none', 'empty!', 'orders', 'both!'], 2],
    [['orders'], ['orders', 'both!'], 1],
    [['news', 'absent'], ['both!'], 0],
    [['Orders'], [], 0],
    [['_cio_inbox'], ['theirs'], 1],
    [['_cio_inbox', 'orders'], ['orders', 'both!', 'theirs', 'mixed'], 3],
  ])(
    '%j select the messages with one of them; those of Customer.io only on demand',
    async (topics, ids, unopened) => {
      const { inbox } = page();
      expect(shown(await inbox.messages(topics))).toEqual(ids);
      expect(await inbox.total(topics)).toBe(ids.length);
      expect(await inbox.totalUnopened(topics)).toBe(unopened);
    },
  );

  test('of a listener select its messages, and all listeners get [] with a change of the person', async () => {
    const { inbox, person, say } = page();
    const [all, orders] = [ear(), ear()];
    inbox.onChange(all.listen);
    inbox.onChange(orders.listen, ['orders']);
    await settled();
    await inbox.delete('none');
    expect(orders.heard).toEqual([
      ['orders', 'both!'],
      ['orders', 'both!'],
    ]);
    say('nothing');
    person('bob');
    inbox.afterIdentityChange();
    expect([all.heard.at(-1), orders.heard.at(-1)]).toEqual([[], []]);
  });

  test('share one request', async () => {
    const { inbox, asked } = page();
    await Promise.all([inbox.messages(), inbox.total(['orders']), inbox.totalUnopened()]);
    expect(asked).toHaveLength(1);
  });
});

describe('a message', () => {
  const full = message('a', false, {
    expiry: '2026-02-01T00:00:00.000Z',
    handle: 'signed',
    type: 'card',
    topics: ['news'],
    priority: 3,
    properties: { title: 'Hello' },
  });

  test('has the fields of the proxy and the names of Customer.io, and no handle', async () => {
    const { inbox, say } = inboxPage();
    say(() => answer(full));
    const [entry] = await inbox.messages();
    const { handle, ...fields } = full;
    expect(handle).toBe('signed');
    expect(JSON.parse(JSON.stringify(entry))).toEqual({
      ...fields,
      messageId: 'a',
      expiresAt: '2026-02-01T00:00:00.000Z',
    });
    expect(entry?.expiresAt).toEqual(new Date('2026-02-01T00:00:00.000Z'));
    expect(Object.getPrototypeOf(entry)).toBe(Object.prototype);
    expect(JSON.stringify(entry)).not.toContain('signed');
  });

  test('without an expiry has no expiresAt', async () => {
    const { inbox } = inboxPage();
    const [entry] = await inbox.messages();
    expect(entry).not.toHaveProperty('expiresAt');
  });

  test('is changed by its own methods, also in a copy of the application', async () => {
    const { inbox, writes, metrics, say } = inboxPage();
    say((path) => (path.endsWith('fetch') ? answer(full) : {}));
    const [entry] = await inbox.messages();
    const { markOpened, markUnopened, markDeleted, trackClick } = { ...entry };
    await markOpened?.();
    await trackClick?.('buy');
    await trackClick?.();
    await markUnopened?.();
    await markDeleted?.();
    // The message is deleted, and its click counts still.
    await trackClick?.('late');
    expect(writes()).toEqual([
      ['/v1/inbox/mark-as-read', { id: 'a' }],
      ['/v1/inbox/mark-as-read', { id: 'a', opened: false }],
      ['/v1/inbox/delete', { id: 'a' }],
    ]);
    expect(metrics).toEqual([
      ['signed', 'opened'],
      ['signed', 'clicked', { name: 'buy' }],
      ['signed', 'clicked', undefined],
      ['signed', 'clicked', { name: 'late' }],
    ]);
  });

  test('of a previous person can be changed no more, also when that person comes back', async () => {
    const { inbox, person, say, writes, metrics, actions } = inboxPage();
    say(() => answer(full));
    const [entry] = await inbox.messages();
    person('bob');
    inbox.afterIdentityChange();
    person('ann');
    inbox.afterIdentityChange();
    for (const act of [entry?.markOpened, entry?.markUnopened, entry?.markDeleted, entry?.trackClick])
      await expect(act?.()).rejects.toMatchObject({ code: 'identity-changed' });
    expect([writes(), metrics, actions]).toEqual([[], [], []]);
  });
});
