// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { toWireEvent } from '../../../../src/sdk/event/wire-event.ts';

const draft = { messageId: 'x', timestamp: 't', anonymousId: 'a', context: { app: 1 } };

describe('an event as it travels', () => {
  test('has the id of its call, whatever a plugin did to it', () => {
    expect(toWireEvent({ ...draft, type: 'track', event: 'E', messageId: 'changed' }, 'mine')).toEqual({
      type: 'track',
      event: 'E',
      messageId: 'mine',
      timestamp: 't',
      anonymousId: 'a',
      properties: {},
      context: { app: 1 },
    });
  });

  test.each(['track', 'page', 'screen'])('of type %s always has properties, and no traits', (type) => {
    expect(toWireEvent({ ...draft, type, traits: { a: 1 } }, 'm')).toMatchObject({ properties: {} });
    expect(toWireEvent({ ...draft, type, traits: { a: 1 } }, 'm')).not.toHaveProperty('traits');
  });

  test.each(['identify', 'group'])('of type %s always has traits, and no properties', (type) => {
    expect(toWireEvent({ ...draft, type, properties: { a: 1 } }, 'm')).toMatchObject({ traits: {} });
    expect(toWireEvent({ ...draft, type, properties: { a: 1 } }, 'm')).not.toHaveProperty('properties');
  });

  test.each([null, undefined, ''])('does not have a user id that is %j', (userId) => {
    expect(toWireEvent({ ...draft, type: 'track', userId }, 'm')).not.toHaveProperty('userId');
  });

  test('always has a context', () => {
    expect(toWireEvent({ type: 'track' }, 'm').context).toEqual({});
  });

  test('keeps what a plugin added', () => {
    expect(toWireEvent(Object.assign({ ...draft, type: 'track' }, { extra: 1 }), 'm')).toMatchObject({
      extra: 1,
    });
  });
});
