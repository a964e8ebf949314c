// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { readPersistedQueue } from '../../../../src/sdk/customerio/persisted-queue.ts';

/** An event as the wrapped SDK stores it: `Context.toJSON()`. */
const item = (event: object): object => ({
  id: '01J0000000000000000000000A',
  event,
  logs: [{ level: 'debug', message: 'Dispatching', time: '2026-01-02T03:04:05.000Z', extras: {} }],
  metrics: [],
});

const TRACK = {
  timestamp: '2026-01-02T03:04:05.678Z',
  integrations: {},
  event: 'Order Placed',
  type: 'track',
  properties: { total: 12.5 },
  context: { page: { path: '/shoes' }, library: { name: 'analytics.js', version: 'npm:next-1.2.3' } },
  messageId: 'ajs-next-1767323045678-5fae43b4',
  anonymousId: 'b2b0c5a5-8a3d-4d0b-9c3e-0e7f2f6f9f00',
};

describe('the queue of the wrapped SDK', () => {
  test('gives its events as they were, with the ids and times that they had', () => {
    const identify = {
      ...TRACK,
      type: 'identify',
      traits: { plan: 'pro' },
      userId: 'u1',
      messageId: 'second',
    };
    expect(readPersistedQueue(JSON.stringify([item(TRACK), item(identify)]))).toEqual([
      { id: TRACK.messageId, at: Date.parse(TRACK.timestamp), draft: TRACK },
      { id: 'second', at: Date.parse(TRACK.timestamp), draft: identify },
    ]);
  });

  test.each([undefined, null, '', 'yesterday', {}])(
    'does not know when an event of time %j was made',
    (timestamp) => {
      expect(readPersistedQueue(JSON.stringify([item({ ...TRACK, timestamp })]))).toMatchObject([
        { id: TRACK.messageId, at: undefined },
      ]);
    },
  );

  test.each([
    ['nothing', null],
    ['an empty text', ''],
    ['an empty list', '[]'],
    ['half a text', '[{"id":"a","event":{"type":"tr'],
    ['no list', '{"id":"a"}'],
    ['null', 'null'],
    ['a number', '5'],
    ['no events', '[null,1,"x",[],{},{"event":null},{"event":"x"},{"event":[]}]'],
    ['an event without a type', JSON.stringify([item({ ...TRACK, type: undefined })])],
    ['an event without an id', JSON.stringify([item({ ...TRACK, messageId: undefined })])],
    ['an event with an empty id', JSON.stringify([item({ ...TRACK, messageId: '' })])],
    ['an event with something else for its id', JSON.stringify([item({ ...TRACK, messageId: 5 })])],
  ])('that holds %s gives nothing', (_, text) => {
    expect(readPersistedQueue(text)).toEqual([]);
  });

  test('that is partly broken gives what is whole', () => {
    const text = JSON.stringify([null, item({}), item(TRACK), { event: { type: 'track' } }]);
    expect(readPersistedQueue(text)).toHaveLength(1);
  });
});
