/** What Customer.io makes of an identify in its time, and the stand-in at once: attributes, and the topics it names. */
import { isObject } from '../http.ts';
import type { ReceivedEvent } from './call.ts';
import type { People } from './people.ts';

const TOPIC = /^cio_subscription_preferences\.topics\.topic_(.+)$/;

export function workOff(people: People, { type, userId, traits }: ReceivedEvent): void {
  if (type !== 'identify' || typeof userId !== 'string' || !isObject(traits)) return;
  const person = people.find(userId);
  const { attributes = {}, topics = [], messages = [] } = person ?? {};
  const told = Object.entries(traits);
  const chosen = new Map(told.map(([name, value]) => [TOPIC.exec(name)?.[1], value]));
  people.put(userId, {
    ...person,
    attributes: { ...attributes, ...Object.fromEntries(told.filter(([name]) => !TOPIC.test(name))) },
    topics: topics.map((topic) => {
      const subscribed = chosen.get(String(topic.id));
      return typeof subscribed === 'boolean' ? Object.assign({}, topic, { subscribed }) : topic;
    }),
    messages,
  });
}
