import { describe, expect, test } from 'vitest';
import type { Receipt } from '../../../src/sdk/api.ts';
import { openSite } from '../../fakes/site.ts';
import { expectBalance, marking, watchPage } from './setup.ts';

watchPage();

describe('invalid arguments never throw', () => {
  const nothings = [
    undefined,
    null,
    0,
    '',
    Symbol('x'),
    1n,
    [],
    {},
    () => undefined,
    Number.NaN,
    Object.create(null),
  ];
  type Anything = (...args: readonly unknown[]) => unknown;

  test.each(['granted', 'pending', 'denied'] as const)('with consent %s', async (consent) => {
    const { open } = await openSite();
    const { analytics } = open({ consent });
    const receipts: Promise<Receipt>[] = [];
    for (const method of ['track', 'page', 'screen', 'identify', 'alias'] as const) {
      receipts.push((analytics[method] as Anything)() as Promise<Receipt>);
      for (const one of nothings) {
        for (const other of [undefined, null, Symbol('x'), {}]) {
          receipts.push((analytics[method] as Anything)(one, other, one) as Promise<Receipt>);
        }
      }
    }
    for (const one of nothings) receipts.push((analytics.group as Anything)(one) as Promise<Receipt>);
    const answers = await Promise.all(receipts);
    expect(answers.every(({ id, state }) => id && state)).toBe(true);
    expectBalance(analytics);
  });

  test('the other methods do not throw either', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    const methods = [
      'register',
      'deregister',
      'addSourceMiddleware',
      'setAnonymousId',
      'flush',
      'ready',
      'on',
      'anonymize',
      'reset',
      'user',
      'stats',
    ] as const;
    for (const method of methods) {
      for (const one of nothings) {
        // A middleware that does not call `next` drops every event, which is correct.
        if (method === 'addSourceMiddleware' && typeof one === 'function') continue;
        let answer: unknown;
        expect(
          () => (answer = (analytics[method] as Anything)(one, one)),
          `${method}(${typeof one})`,
        ).not.toThrow();
        await expect(Promise.resolve(answer), `${method}(${typeof one})`).resolves.not.toThrow();
      }
    }
    for (const one of nothings) {
      expect(() => (analytics.consent.grant as Anything)(one)).not.toThrow();
    }
    expect(typeof analytics.setAnonymousId('back to text')).toBe('string');
    expect((await analytics.track('still alive')).state).toBe('stored');
    expectBalance(analytics);
  });

  test('a listener, plugin or callback that throws does no harm', async () => {
    const { open, server } = await openSite();
    const { analytics, delivered, told } = open();
    const bad = (): never => {
      throw new Error('of the application');
    };
    for (const name of ['stored', 'delivered', 'identity', 'error', 'track', 'consent'] as const)
      analytics.on(name, bad);
    await analytics.register({
      ...marking('bad'),
      type: 'after',
      track: bad,
      ready: () => Promise.reject(new Error('no')),
    });
    void analytics.identify('u1');
    void analytics.track('E', {}, {}, bad);
    await analytics.ready(bad);
    await delivered(2);
    expect(server.taken).toHaveLength(2);
    expect(told.error.every(({ code }) => code === 'plugin-failed')).toBe(true);
    expectBalance(analytics);
  });

  test('a thrown value that is not an Error does no harm', async () => {
    const { open } = await openSite();
    const { analytics } = open();
    analytics.on('stored', () => {
      throw Object.create(null);
    });
    expect((await analytics.track('E')).state).toBe('stored');
    await analytics.flush();
    expect(analytics.stats().delivered).toBe(1);
  });
});
