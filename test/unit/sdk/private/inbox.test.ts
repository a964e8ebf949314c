// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import { settled } from '../../../fakes/clock.ts';
import { answer, ear, inboxPage, message, shown } from './inbox-setup.ts';

const MINUTE = 60_000;

describe('the messages', () => {
  test('are asked for without naming anybody', async () => {
    const { inbox, asked } = inboxPage();
    expect(await inbox.messages()).toMatchObject([message('a')]);
    expect(asked).toMatchObject([{ path: '/v1/inbox/fetch', body: {}, isRead: true }]);
  });

  test.each([{}, { messages: null }, { messages: 'many' }])('are none in %j', async (given) => {
    const { inbox, say } = inboxPage();
    say(() => given);
    expect(await inbox.messages()).toEqual([]);
  });

  test('are asked for once by those who ask at once', async () => {
    const { inbox, asked } = inboxPage();
    inbox.onChange(() => undefined);
    await Promise.all([inbox.messages(), inbox.messages()]);
    expect(asked).toHaveLength(1);
    await inbox.messages();
    expect(asked).toHaveLength(2);
  });

  test('that could not be had are asked for again', async () => {
    const { inbox, say } = inboxPage();
    say(() => new Error('no'));
    await expect(inbox.messages()).rejects.toThrow('no');
    say(() => answer(message('a')));
    expect(await inbox.messages()).toHaveLength(1);
  });
});

describe('whoever listens', () => {
  test('hears what there is, and every change', async () => {
    const { inbox, say } = inboxPage();
    const { heard, listen } = ear();
    inbox.onChange(listen);
    expect(heard).toEqual([]);
    await settled();
    say(() => answer(message('a', true), message('b')));
    await inbox.messages();
    expect(heard).toEqual([['a'], ['a!', 'b']]);
  });

  test('hears what is known at once, and is kept up to date from then on', async () => {
    const { inbox, clock, asked } = inboxPage();
    await inbox.messages();
    const { heard, listen } = ear();
    inbox.onChange(listen);
    expect(heard).toEqual([['a']]);
    expect(clock.timers()).toEqual([10 * MINUTE]);
    await clock.advance(10 * MINUTE);
    expect([asked.length, heard.length]).toEqual([2, 2]);
  });

  test('hears what is old, and what is new', async () => {
    const { inbox, clock, say } = inboxPage();
    await inbox.messages();
    await clock.advance(MINUTE + 1);
    say(() => answer(message('b')));
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    expect(heard).toEqual([['a'], ['b']]);
  });

  test('is nobody any more after stop(), at once', async () => {
    const { inbox, clock, subscribed, asked } = inboxPage();
    const { heard, listen } = ear();
    const stop = inbox.onChange(listen);
    stop();
    stop();
    await settled();
    inbox.afterIdentityChange();
    await clock.advance(60 * MINUTE);
    expect([heard, clock.timers(), subscribed(), asked.length]).toEqual([[], [], 0, 1]);
  });

  test('may be stopped by another, in the same moment', async () => {
    const { inbox } = inboxPage();
    const { heard, listen } = ear();
    inbox.onChange(() => stop());
    const stop = inbox.onChange(listen);
    await settled();
    expect(heard).toEqual([]);
  });

  test('may listen anew while it listens', async () => {
    const { inbox } = inboxPage();
    const { heard, listen } = ear();
    const stop = inbox.onChange(() => {
      stop();
      inbox.onChange(listen);
    });
    await settled();
    expect(heard).toEqual([['a']]);
  });

  test('with one function twice hears twice, and stops one by one', async () => {
    const { inbox, subscribed } = inboxPage();
    const { heard, listen } = ear();
    const stop = inbox.onChange(listen);
    inbox.onChange(listen);
    await settled();
    expect(heard).toEqual([['a'], ['a']]);
    stop();
    await inbox.messages();
    expect([heard.length, subscribed()]).toEqual([3, 1]);
  });

  test('does not suffer from one that throws', async () => {
    const { inbox, reported } = inboxPage();
    const cause = new Error('of the application');
    inbox.onChange(() => {
      throw cause;
    });
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    expect([heard, reported]).toEqual([[['a']], [cause]]);
  });
});

describe('it is asked again', () => {
  test('every ten minutes, by one timer, whoever listens', async () => {
    const { inbox, clock, asked } = inboxPage();
    inbox.onChange(() => undefined);
    inbox.onChange(() => undefined);
    await settled();
    expect([asked.length, clock.timers().length]).toEqual([1, 1]);
    await clock.advance(30 * MINUTE);
    expect([asked.length, clock.timers().length]).toEqual([4, 1]);
  });

  test('never while nobody listens', async () => {
    const { inbox, clock, asked } = inboxPage();
    await inbox.messages();
    await inbox.markAsRead('a');
    inbox.wake();
    inbox.afterIdentityChange();
    await clock.advance(60 * MINUTE);
    expect([asked.length, clock.timers()]).toEqual([2, []]);
  });

  test('never while the page sleeps, and when it wakes after a minute', async () => {
    const { inbox, clock, asked, awake } = inboxPage();
    inbox.onChange(() => undefined);
    await settled();
    awake(false);
    await clock.advance(60 * MINUTE);
    inbox.wake();
    expect([asked.length, clock.timers()]).toEqual([1, []]);
    awake(true);
    inbox.wake();
    await settled();
    expect([asked.length, clock.timers().length]).toEqual([2, 1]);
  });

  test('not when the page wakes within a minute, but ten minutes later', async () => {
    const { inbox, clock, asked, awake } = inboxPage();
    inbox.onChange(() => undefined);
    await settled();
    awake(false);
    await clock.advance(60 * MINUTE);
    await inbox.messages();
    await clock.advance(MINUTE);
    awake(true);
    inbox.wake();
    expect([asked.length, clock.timers()]).toEqual([2, [10 * MINUTE]]);
  });

  test('when the clock was set back', async () => {
    const { inbox, clock, asked } = inboxPage();
    inbox.onChange(() => undefined);
    await settled();
    clock.set(clock.now() - 60 * MINUTE);
    inbox.wake();
    expect(asked).toHaveLength(2);
  });

  test('in its time when it fails', async () => {
    const { inbox, clock, asked, say } = inboxPage();
    say(() => new Error('no'));
    inbox.onChange(() => undefined);
    await clock.advance(10 * MINUTE);
    expect(asked).toHaveLength(2);
  });

  test('not while nobody is identified', async () => {
    const { inbox, clock, asked, person } = inboxPage();
    person(null);
    inbox.onChange(() => undefined);
    await clock.advance(60 * MINUTE);
    expect([asked, clock.timers()]).toEqual([[], []]);
    person('ann');
    inbox.afterIdentityChange();
    expect(asked).toHaveLength(1);
  });
});

describe('another person', () => {
  test('empties it in the same tick, and theirs follow', async () => {
    const { inbox, say, clock } = inboxPage();
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    say(() => answer(message('b')));
    inbox.afterIdentityChange();
    expect(heard).toEqual([['a'], []]);
    await settled();
    expect([heard, clock.timers().length]).toEqual([[['a'], [], ['b']], 1]);
  });

  test('does not see what comes for the one before', async () => {
    const { inbox, say, asked } = inboxPage();
    say('nothing');
    const { heard, listen } = ear();
    inbox.onChange(listen);
    inbox.afterIdentityChange();
    asked[1]?.answer.resolve(answer(message('b')));
    await settled();
    asked[0]?.answer.resolve(answer(message('a')));
    await settled();
    expect(heard).toEqual([[], ['b']]);
  });

  test('is not asked for again because a change of the one before fails', async () => {
    const { inbox, say, asked } = inboxPage();
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    say('nothing');
    const marked = inbox.markAsRead('a');
    inbox.afterIdentityChange();
    asked[1]?.answer.reject(new Error('identity-changed'));
    await expect(marked).rejects.toThrow('identity-changed');
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/inbox/fetch',
      '/v1/inbox/mark-as-read',
      '/v1/inbox/fetch',
    ]);
    asked[2]?.answer.resolve(answer(message('b')));
    await settled();
    expect(heard.slice(-2)).toEqual([[], ['b']]);
  });

  test('whom a listener brings is the only one that is asked for', async () => {
    const { inbox, asked } = inboxPage();
    let changes = 0;
    inbox.onChange((messages) => {
      if (!messages.length && ++changes === 1) inbox.afterIdentityChange();
    });
    await settled();
    inbox.afterIdentityChange();
    await settled();
    expect(asked).toHaveLength(2);
  });
});

describe('a change', () => {
  test('is seen at once, and not asked about when the proxy takes it', async () => {
    const { inbox, asked, say } = inboxPage();
    say(() => answer(message('a'), message('b')));
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    const marked = inbox.markAsRead('a');
    expect(heard.at(-1)).toEqual(['a!', 'b']);
    await marked;
    const deleted = inbox.delete('b');
    expect(heard.at(-1)).toEqual(['a!']);
    await deleted;
    expect(asked.slice(1)).toMatchObject([
      { path: '/v1/inbox/mark-as-read', body: { id: 'a' }, isRead: false },
      { path: '/v1/inbox/delete', body: { id: 'b' }, isRead: false },
    ]);
  });

  test('does not change the objects that were told before', async () => {
    const { inbox } = inboxPage();
    const [before] = await inbox.messages();
    await inbox.markAsRead('a');
    expect(before).toMatchObject(message('a'));
  });

  test('of what nobody knows is made, and not seen', async () => {
    const { inbox, asked } = inboxPage();
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    await inbox.delete('z');
    expect([asked.length, heard]).toEqual([2, [['a']]]);
  });

  test('that the proxy does not take is taken back', async () => {
    const { inbox, asked, say } = inboxPage();
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    say('nothing');
    const deleted = inbox.delete('a');
    asked[1]?.answer.reject(new Error('no'));
    await expect(deleted).rejects.toThrow('no');
    expect(heard).toEqual([['a'], [], ['a']]);
    asked[2]?.answer.resolve(answer(message('a')));
    await settled();
    // Listeners get the messages without the change at once, and then those that the proxy has.
    expect(heard).toEqual([['a'], [], ['a'], ['a']]);
  });

  test('that failed while nobody listened is not believed', async () => {
    const { inbox, asked, say } = inboxPage();
    await inbox.messages();
    say(() => new Error('no'));
    await expect(inbox.delete('a')).rejects.toThrow('no');
    say(() => answer(message('a')));
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    expect([heard, asked.length]).toEqual([[['a']], 3]);
  });

  test.each(['before', 'during'] as const)(
    'is not undone by what was asked %s it, and answered after',
    async (when) => {
      const { inbox, asked, say, clock } = inboxPage();
      const { heard, listen } = ear();
      inbox.onChange(listen);
      await settled();
      say('nothing');
      const early = when === 'before' ? inbox.messages() : undefined;
      const marked = inbox.markAsRead('a');
      const late = early ?? inbox.messages();
      const fetch = asked.find((each, index) => index > 0 && each.isRead);
      const write = asked.find(({ isRead }) => !isRead);
      if (when === 'during') fetch?.answer.resolve(answer(message('a')));
      await settled();
      write?.answer.resolve({});
      await marked;
      fetch?.answer.resolve(answer(message('a')));
      // A fetch during the change returns the messages with it.
      expect(shown(await late)).toEqual([when === 'during' ? 'a!' : 'a']);
      expect(heard).toEqual([['a'], ['a!']]);
      asked.at(-1)?.answer.resolve(answer(message('a', true), message('b')));
      await settled();
      expect(heard.at(-1)).toEqual(['a!', 'b']);
      expect([asked.length, clock.timers().length]).toEqual([4, 1]);
    },
  );
});

describe('after the end', () => {
  test('nobody hears of it, and nothing is asked', async () => {
    const { inbox, clock, subscribed, asked } = inboxPage();
    const { heard, listen } = ear();
    inbox.onChange(listen);
    await settled();
    inbox.close();
    inbox.onChange(listen)();
    inbox.onChange(listen);
    inbox.afterIdentityChange();
    inbox.wake();
    await clock.advance(60 * MINUTE);
    expect([heard, clock.timers(), subscribed(), asked.length]).toEqual([[['a']], [], 0, 1]);
  });

  test('the ignored fetch of a listener is nobody else to catch', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { inbox, say } = inboxPage();
    say(() => new Error('no'));
    inbox.onChange(() => undefined);
    await settled(4);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
