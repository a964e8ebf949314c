// @vitest-environment node
import { expect, test } from 'vitest';
import { createPeople } from '../../../demo/pipelines/people.ts';
import { workOff } from '../../../demo/pipelines/work-off.ts';

const EVENT = { messageId: 'm', timestamp: '2026-01-01T00:00:00Z', receivedAt: '2026-01-01T00:00:00Z' };
const TOPICS = [
  { id: 1, name: 'News', subscribed: true },
  { id: 2, name: 'Offers', subscribed: false },
];
const KEY = 'cio_subscription_preferences.topics.topic_';

test('an identify call changes the attributes and named topics of its person', () => {
  const people = createPeople();
  people.replace({ ann: { attributes: { plan: 'free', seen: 1 }, topics: TOPICS }, bob: { topics: TOPICS } });
  workOff(people, {
    ...EVENT,
    type: 'identify',
    userId: 'ann',
    traits: { plan: 'pro', [`${KEY}2`]: true, [`${KEY}1`]: 'perhaps', [`${KEY}9`]: true },
  });
  expect(people.find('ann')).toEqual({
    attributes: { plan: 'pro', seen: 1 },
    topics: TOPICS.map((topic) => ({ ...topic, subscribed: true })),
    messages: [],
  });
  expect(people.find('bob')?.topics).toEqual(TOPICS);
});

test('an identify call creates a new person, and other events change nothing', () => {
  const people = createPeople();
  workOff(people, { ...EVENT, type: 'identify', userId: 'new', traits: { plan: 'pro' } });
  workOff(people, { ...EVENT, type: 'track', userId: 'ann', event: 'x' });
  workOff(people, { ...EVENT, type: 'identify', anonymousId: 'a', traits: { plan: 'pro' } });
  workOff(people, { ...EVENT, type: 'identify', userId: 'ann', traits: 'none' });
  expect(people.all()).toEqual({ new: { attributes: { plan: 'pro' }, topics: [], messages: [] } });
});

test('an identify call leaves inbox and queue as they are', () => {
  const people = createPeople();
  const messages = [{ queueId: 'i1', opened: false }];
  const inAppMessages = [{ queueId: 'q1', messageId: 'm1', properties: {} }];
  people.replace({ ann: { messages, inAppMessages } });
  workOff(people, { ...EVENT, type: 'identify', userId: 'ann', traits: { plan: 'pro' } });
  expect(people.find('ann')).toEqual({ attributes: { plan: 'pro' }, topics: [], messages, inAppMessages });
});
