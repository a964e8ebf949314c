/** Customer tokens, and a change of the signed-in person, in every engine. */
import { expect, test } from 'vitest';
import { PEOPLE } from '../support/site/people.ts';
import type { Tab } from './engine.ts';
import { memberPage } from './pages.ts';
import { inEveryEngine } from './setup.ts';

const inbox = (tab: Tab): Promise<unknown> =>
  tab.evaluate(async () => {
    const { value, code } = await window.outcome(window.analytics.inbox.messages());
    return code ?? (value as { id: string }[]).map(({ id }) => id);
  });

inEveryEngine(({ openPage, site, standIn, arrived }) => {
  const openMembers = async (options: Parameters<typeof memberPage>[0] = {}): Promise<Tab> => {
    await standIn().setPeople(PEOPLE);
    await site().change({ customers: true });
    return openPage(memberPage(options), '/home');
  };

  test('each person sees only their own data', async () => {
    const tab = await openMembers();
    expect(await inbox(tab)).toBe('anonymous');
    await tab.evaluate(() => window.analytics.identify('ann'));
    expect(await inbox(tab)).toEqual(['ann-1', 'ann-2']);
    await tab.evaluate(() => window.analytics.identify('bob'));
    expect(await inbox(tab)).toEqual(['bob-1']);
    await tab.evaluate(() => window.analytics.anonymize());
    expect(await inbox(tab)).toBe('anonymous');
  });

  test('a listener of the inbox receives messages, and can be removed', async () => {
    const tab = await openMembers();
    await tab.evaluate(() => window.analytics.identify('ann'));
    const heard = await tab.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const stop = window.analytics.inbox.onChange((messages) => {
            stop();
            resolve(messages.length);
          });
        }),
    );
    expect(heard).toBe(2);
  });

  test('a private call with a signal succeeds, and ends when the signal aborts', async () => {
    const tab = await openMembers();
    await tab.evaluate(() => window.analytics.identify('ann'));
    const [status, name] = await tab.evaluate(async () => {
      const { signal } = new AbortController();
      const { status } = await window.analytics.fetch('/v1/customers/attributes', { method: 'POST', signal });
      const control = new AbortController();
      control.abort();
      const name = await window.analytics
        .fetch('/v1/customers/attributes', { method: 'POST', signal: control.signal })
        .catch((cause: Error) => cause.name);
      return [status, name] as const;
    });
    expect([status, name]).toEqual([200, 'AbortError']);
  });

  test('each event has the user id of the person who caused it', async () => {
    const tab = await openMembers();
    await tab.evaluate(() => {
      void window.analytics.identify('ann');
      void window.analytics.track('Of Ann');
      window.analytics.anonymize();
      void window.analytics.identify('bob');
      void window.analytics.track('Of Bob');
    });
    await arrived(['Of Ann', 'Of Bob'], { events: 4 });
    const events = await standIn().events();
    expect(events.map(({ userId }) => userId)).toEqual(['ann', 'ann', 'bob', 'bob']);
    expect(events[0]?.anonymousId).toBe(events[1]?.anonymousId);
    expect(events[2]?.anonymousId).not.toBe(events[1]?.anonymousId);
  });
});
