import { refuse, type Refusal } from '../http/response.ts';
import { isRecord } from '../lib/is-record.ts';

/** The most topics of one change. */
const MOST_TOPICS = 100;
// An id with a dot would name another attribute.
const TOPIC_ID = /^[\w-]{1,100}$/;

/**
 * Returns the traits that change the topics that a body names, and do not change the others. `null`: the body names
 * none, so it is a request for the topics.
 */
export function preferencesOf(
  fields: Readonly<Record<string, unknown>>,
): { readonly traits: Readonly<Record<string, boolean>> } | Refusal | null {
  const { topics, ...otherFields } = fields;
  const unknown = Object.keys(otherFields).find((field) => field !== 'userId');
  // A change with an unknown field is refused: the response must not suggest that the change was made.
  if (unknown !== undefined) return invalid(`may not have the field "${unknown.slice(0, 100)}"`);
  if (topics === undefined) return null;
  if (!Array.isArray(topics) || topics.length === 0 || topics.length > MOST_TOPICS)
    return invalid(`must have 1 to ${MOST_TOPICS} "topics"`);
  const traits: Record<string, boolean> = {};
  for (const topic of topics as readonly unknown[]) {
    const { id, subscribed } = isRecord(topic) ? topic : {};
    if (!isTopicId(id) || typeof subscribed !== 'boolean')
      return invalid('must have "topics" of { id: text, subscribed: boolean }');
    traits[`cio_subscription_preferences.topics.topic_${bareTopicId(id)}`] = subscribed;
  }
  return { traits };
}

/** Returns the id without its prefix: `topic_7` and `7` are the same topic. */
export function bareTopicId(id: string | number): string {
  return String(id).replace(/^topic_/, '');
}

function isTopicId(id: unknown): id is string | number {
  return (typeof id === 'string' && TOPIC_ID.test(id)) || (Number.isSafeInteger(id) && Number(id) >= 0);
}

function invalid(problem: string): Refusal {
  return refuse(400, 'invalid_body', `The body ${problem}.`);
}
