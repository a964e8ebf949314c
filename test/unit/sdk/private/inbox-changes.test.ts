// @vitest-environment node
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { settled } from '../../../fakes/clock.ts';
import { answer, ear, failure, fakeTabs, inboxPage, message, shown } from './inbox-setup.ts';

const SECOND = 1_000;
const READ = '/v1/inbox/mark-as-read';

describe('metrics', () => {
  const handled = (opened = false): ReturnType<typeof message> => message('a', opened, { handle: 'signed' });

  test('count a message as opened once, and never one that is opened already', async () => {
    const { inbox, say, metrics, actions, writes } = inboxPage();
    say(() => answer(handled(), message('b', true, { handle: 'other' }), message('c')));
    await inbox.messages();
    await inbox.markAsRead('a');
    await inbox.markAsRead('a');
    await inbox.markAsRead('b');
    await inbox.markAsRead('c');
    await inbox.markAsUnread('b');
    expect(metrics).toEqual([['signed', 'opened']]);
    expect(actions.map(([kind, told]) => [kind, (told as { id: string }).id])).toEqual([
      ['opened', 'a'],
      ['opened', 'c'],
    ]);
    expect(writes()).toHaveLength(5);
  });

  test('of a message that was not fetched yet follow after a fetch, once for two calls', async () => {
    const { inbox, say, metrics, asked } = inboxPage();
    say(() => answer(handled()));
    await Promise.all([inbox.markAsRead('a'), inbox.markAsRead('a')]);
    expect(asked.map(({ path }) => path)).toEqual(['/v1/inbox/fetch', READ, READ]);
    expect(metrics).toEqual([['signed', 'opened']]);
  });

  test('are missing where that fetch fails, and the change is written all the same', async () => {
    const { inbox, say, metrics, writes } = inboxPage();
    say((path) => (path.endsWith('fetch') ? failure(503) : {}));
    await inbox.markAsRead('a');
    expect([metrics, writes()]).toEqual([[], [[READ, { id: 'a' }]]]);
  });

  test('of clicks have the name; the message is fetched once, if it is not known', async () => {
    const { inbox, say, metrics, actions, asked } = inboxPage();
    say(() => answer({ ...handled(), deliveryId: 'd1' } as never));
    await inbox.trackClick('a', 'buy');
    await inbox.trackClick('a', 'again');
    expect(asked).toHaveLength(1);
    expect(metrics).toEqual([
      ['signed', 'clicked', { name: 'buy' }],
      ['signed', 'clicked', { name: 'again' }],
    ]);
    expect(actions[0]).toEqual(['action', { id: 'a', deliveryId: 'd1' }, 'buy']);
    await expect(inbox.trackClick('z', 'buy')).rejects.toMatchObject({
      code: 'private-call-failed',
      message: 'The inbox has no message with the id "z"',
    });
    expect([asked.length, metrics.length]).toEqual([1, 2]);
  });

  test('of a message without a handle are none, and the page is told of the action', async () => {
    const { inbox, metrics, actions } = inboxPage();
    await inbox.trackClick('a', 'buy');
    await inbox.delete('a');
    expect(metrics).toEqual([]);
    expect(actions.map(([kind]) => kind)).toEqual(['action', 'dismissed']);
  });
});

describe('a change while the proxy is away', () => {
  test.each([[undefined], [500], [503], [429], [408]])(
    'with the status %s is shown, and written again until it is taken',
    async (status) => {
      const { inbox, say, clock, writes } = inboxPage();
      const { heard, listen } = ear();
      inbox.onChange(listen);
      await settled();
      say(() => failure(status));
      const done = vi.fn();
      const marked = inbox.markAsRead('a').then(done);
      await settled();
      expect(heard).toEqual([['a'], ['a!']]);
      await clock.advance(1 * SECOND);
      await clock.advance(2 * SECOND);
      expect([writes().length, done.mock.calls.length]).toEqual([3, 0]);
      say(() => ({}));
      await clock.advance(4 * SECOND);
      await marked;
      expect(writes()).toEqual(Array.from({ length: 4 }, () => [READ, { id: 'a' }]));
      expect(heard).toEqual([['a'], ['a!']]);
    },
  );

  test.each([[400], [401], [403], [404]])('is taken back with the status %s', async (status) => {
    const { inbox, say, clock, writes } = inboxPage();
    await inbox.messages();
    say(() => failure(status));
    await expect(inbox.delete('a')).rejects.toMatchObject({ code: 'private-call-failed' });
    await clock.advance(600 * SECOND);
    expect(writes()).toHaveLength(1);
  });

  test('waits as long as the proxy says, also when the page becomes visible', async () => {
    const { inbox, say, clock, writes } = inboxPage();
    await inbox.messages();
    say(() => failure(503, { 'Retry-After': '60' }));
    const marked = inbox.markAsRead('a');
    await clock.advance(59 * SECOND);
    inbox.wake();
    await settled();
    expect(writes()).toHaveLength(1);
    say(() => ({}));
    await clock.advance(SECOND);
    await marked;
    expect(writes()).toHaveLength(2);
  });

  test('is written at once when the page is online again', async () => {
    const { inbox, say, awake, writes } = inboxPage();
    await inbox.messages();
    say(() => failure());
    const marked = inbox.markAsRead('a');
    await settled();
    awake(false);
    inbox.wake();
    await settled();
    expect(writes()).toHaveLength(1);
    awake(true);
    say(() => ({}));
    inbox.wake();
    await marked;
    expect(writes()).toHaveLength(2);
  });

  test('of one message keeps its place before the next change of it, and holds up no other message', async () => {
    const { inbox, say, clock, writes } = inboxPage();
    say(() => answer(message('a'), message('b')));
    await inbox.messages();
    say(() => failure(503));
    const changes = [inbox.markAsRead('a'), inbox.markAsUnread('a')];
    await settled();
    say(() => ({}));
    await inbox.markAsRead('b');
    expect(writes()).toEqual([
      [READ, { id: 'a' }],
      [READ, { id: 'b' }],
    ]);
    await clock.advance(SECOND);
    await Promise.all(changes);
    expect(writes().slice(2)).toEqual([
      [READ, { id: 'a' }],
      [READ, { id: 'a', opened: false }],
    ]);
  });

  test('ends with the person, and with the page', async () => {
    for (const [end, code] of [
      ['person', 'identity-changed'],
      ['page', 'auth-disabled'],
    ] as const) {
      const { inbox, say, clock, person, writes } = inboxPage();
      await inbox.messages();
      say(() => failure(503));
      const marked = inbox.markAsRead('a');
      const next = inbox.markAsUnread('a');
      const outcomes = Promise.allSettled([marked, next]);
      await settled();
      if (end === 'page') inbox.close();
      else {
        person('bob');
        inbox.afterIdentityChange();
      }
      expect(await outcomes).toMatchObject([{ reason: { code } }, { reason: { code } }]);
      await clock.advance(600 * SECOND);
      expect([writes().length, clock.timers()]).toEqual([1, []]);
    }
  });

  test('shows in what is fetched meanwhile', async () => {
    const { inbox, say } = inboxPage();
    await inbox.messages();
    say((path) => (path === READ ? failure(503) : answer(message('a'))));
    void inbox.markAsRead('a');
    await settled();
    expect(shown(await inbox.messages())).toEqual(['a!']);
    expect(await inbox.totalUnopened()).toBe(0);
  });

  test('that fails unobserved is no unhandled rejection, by a method of the message', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    onTestFinished(() => void process.off('unhandledRejection', unhandled));
    const { inbox, say } = inboxPage();
    const [entry] = await inbox.messages();
    say(() => failure(400));
    void entry?.markOpened();
    await settled(4);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('another tab', () => {
  test('of the same person shows a change at once, and writes nothing', async () => {
    const tabs = fakeTabs();
    const [here, there] = [inboxPage(tabs), inboxPage(tabs)];
    const { heard, listen } = ear();
    there.inbox.onChange(listen);
    await settled();
    await here.inbox.messages();
    here.say('nothing');
    void here.inbox.markAsRead('a');
    expect(heard).toEqual([['a'], ['a!']]);
    here.asked.at(-1)?.answer.resolve({});
    await settled();
    expect([heard, there.writes(), there.asked.length]).toEqual([[['a'], ['a!']], [], 1]);
    here.say(() => ({}));
    await here.inbox.delete('a');
    expect(heard.at(-1)).toEqual([]);
    // The message was opened in the other tab, so its metric was counted there.
    expect(there.metrics).toEqual([]);
  });

  test('of another person shows nothing of it', async () => {
    const tabs = fakeTabs();
    const [here, there] = [inboxPage(tabs), inboxPage(tabs)];
    there.person('bob');
    const { heard, listen } = ear();
    there.inbox.onChange(listen);
    await settled();
    await here.inbox.messages();
    await here.inbox.delete('a');
    expect([heard, there.asked.length]).toEqual([[['a']], 1]);
    expect(tabs.told.map(({ userId }) => userId)).toEqual(['ann', 'ann']);
  });

  test('fetches the messages when the proxy has refused the change', async () => {
    const tabs = fakeTabs();
    const [here, there] = [inboxPage(tabs), inboxPage(tabs)];
    const { heard, listen } = ear();
    there.inbox.onChange(listen);
    await settled();
    await here.inbox.messages();
    here.say(() => failure(400));
    await expect(here.inbox.delete('a')).rejects.toThrow('400');
    await settled();
    expect([heard, there.asked.length]).toEqual([[['a'], [], ['a']], 2]);
  });

  test('does not undo the change by what it had asked before', async () => {
    const tabs = fakeTabs();
    const [here, there] = [inboxPage(tabs), inboxPage(tabs)];
    const { heard, listen } = ear();
    there.inbox.onChange(listen);
    await settled();
    await here.inbox.messages();
    there.say('nothing');
    void there.inbox.messages();
    here.say(() => ({}));
    await here.inbox.markAsRead('a');
    there.asked[1]?.answer.resolve(answer(message('a')));
    await settled();
    expect(heard).toEqual([['a'], ['a!']]);
  });

  test('is left with the page, and joined when the page comes back, but not after the end', () => {
    const { inbox, channel } = inboxPage();
    inbox.leave();
    expect(channel()).toBe('left');
    inbox.wake();
    expect(channel()).toBe('joined');
    inbox.close();
    inbox.wake();
    expect(channel()).toBe('left');
  });
});

describe('with in-app messages', () => {
  test('the messages come with those: the inbox requests none itself, and does not poll', async () => {
    const fetchMessages = vi.fn(async () => [message('m')]);
    const { inbox, asked, clock } = inboxPage(fakeTabs(), { fetchMessages });
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    inbox.receive([message('m'), message('n')]);
    expect(heard).toEqual([['m'], ['m', 'n']]);
    await clock.advance(3_600 * SECOND);
    inbox.wake();
    expect([asked, clock.timers(), fetchMessages.mock.calls.length]).toEqual([[], [], 1]);
  });

  test('a list that comes during a change is not used, and requested again after it', async () => {
    const fetchMessages = vi.fn(async () => [message('m')]);
    const { inbox, asked, say } = inboxPage(fakeTabs(), { fetchMessages });
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    say('nothing');
    const marked = inbox.markAsRead('m');
    inbox.receive([message('m')]);
    expect(heard).toEqual([['m'], ['m!']]);
    fetchMessages.mockImplementation(async () => [message('m', true), message('n')]);
    asked[0]?.answer.resolve({});
    await marked;
    await settled();
    expect([heard.at(-1), fetchMessages.mock.calls.length]).toEqual([['m!', 'n'], 2]);
  });

  test('a list of a previous person is not used', async () => {
    const fetchMessages = vi.fn(async () => [message('m')]);
    const { inbox, person } = inboxPage(fakeTabs(), { fetchMessages });
    const late = inbox.messages();
    person('bob');
    inbox.afterIdentityChange();
    await expect(late).rejects.toMatchObject({ code: 'identity-changed' });
  });
});
