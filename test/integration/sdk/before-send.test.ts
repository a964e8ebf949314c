import { describe, expect, test } from 'vitest';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, watchPage } from './setup.ts';

watchPage();

describe('beforeSend', () => {
  test('may change an event, but not its id', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered } = open({
      beforeSend: (event) => ({ ...event, messageId: 'mine', properties: { clean: true } }),
    });
    const { id } = await analytics.track('E', { secret: 1 });
    await delivered(1);
    expect(server.taken).toMatchObject([{ messageId: id, properties: { clean: true } }]);
  });

  test.each([
    ['null', () => null],
    [
      'a throw',
      () => {
        throw new Error('no');
      },
    ],
    ['nothing', () => undefined as unknown as null],
    ['something else', () => 'x' as unknown as null],
  ])('drops an event by %s', async (_, beforeSend) => {
    const { open, server } = await openSite();
    const { analytics } = open({ beforeSend });
    expect(await analytics.track('E')).toMatchObject({ state: 'discarded', reason: 'before-send' });
    await analytics.flush();
    expect(server.received).toEqual([]);
    expectBalance(analytics);
  });

  test('that returns what JSON cannot represent drops the event', async () => {
    const { open } = await openSite();
    const { analytics } = open({ beforeSend: (event) => ({ ...event, properties: { big: 1n } }) });
    expect(await analytics.track('E')).toMatchObject({ state: 'discarded', reason: 'invalid' });
    expectBalance(analytics);
  });
});
