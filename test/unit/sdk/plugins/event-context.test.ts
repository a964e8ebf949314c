// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { completeContext, isContext } from '../../../../src/sdk/plugins/event-context.ts';
import type { PluginEvent } from '../../../../src/sdk/event/draft-event.ts';

const contextOf = (event: Partial<PluginEvent> = {}) =>
  completeContext({ event: { type: 'track', event: 'Ordered', ...event }, id: '7' });

describe('the context of an event on its way through plugins', () => {
  test('is of the same event, and has its id', () => {
    const event: PluginEvent = { type: 'track' };
    const context = completeContext({ event, id: '7' });
    expect(context.event).toBe(event);
    expect(context.id).toBe('7');
    expect(isContext(context)).toBe(true);
    expect(completeContext(context)).toBe(context);
  });

  test.each([
    ['properties.total', { properties: { total: 1 } }],
    ['properties.deep.er', { properties: { deep: { er: 1 } } }],
    ['name', { name: 1 }],
  ])('updateEvent sets %s', (path, expected) => {
    const context = contextOf();
    expect(context.updateEvent(path, 1)).toBe(context.event);
    expect(context.event).toMatchObject({ ...expected, event: 'Ordered' });
  });

  test('updateEvent keeps what stands beside it, and replaces what is no object', () => {
    const context = contextOf({ properties: { list: 'text', other: 1 } });
    context.updateEvent('properties.list.first', 2);
    expect(context.event.properties).toEqual({ list: { first: 2 }, other: 1 });
  });

  test.each(['__proto__.polluted', 'properties.constructor.prototype.polluted', 'prototype.polluted'])(
    'updateEvent reaches no prototype by %s',
    (path) => {
      contextOf({ properties: {} }).updateEvent(path, true);
      expect({}).not.toHaveProperty('polluted');
      expect(Object).not.toHaveProperty('polluted');
    },
  );

  test('a destination that is switched off stays off', () => {
    const context = contextOf({ integrations: { Off: false, On: true } });
    context.updateEvent('integrations.Off', { key: 1 });
    context.updateEvent('integrations.On', { key: 1 });
    expect(context.event.integrations).toEqual({ Off: false, On: { key: 1 } });
  });

  test('cancel throws what it is given, or what the wrapped SDK throws', () => {
    const context = contextOf();
    const cause = new Error('own');
    expect(() => context.cancel(cause)).toThrow(cause);
    let thrown: unknown;
    try {
      context.cancel();
    } catch (given) {
      thrown = given;
    }
    expect(thrown).toEqual({ retry: true, type: 'plugin Error', reason: 'Context Cancel' });
  });

  test('keeps a log, and takes metrics that nobody collects', () => {
    const context = contextOf() as ReturnType<typeof contextOf> & {
      logs(): unknown;
      stats: { increment(name: string): void; gauge(name: string): void };
    };
    context.log('warn', 'odd', { n: 1 });
    context.stats.increment('seen');
    context.stats.gauge('seen');
    expect(context.logs()).toEqual([{ level: 'warn', message: 'odd', extras: { n: 1 } }]);
  });
});
