/** A stand-in for the questions of Customer.io's App API: https://docs.customer.io/integrations/api/app/ */
import type { People } from './people.ts';
import type { ReceivedEvent } from './call.ts';
import type { Answer, Asked } from './contract.ts';

const QUESTION = /^\/v1\/customers\/([^/]+)\/(attributes|subscription_preferences|activities)$/;
const ID_TYPES: ReadonlySet<string | null> = new Set(['id', 'email', 'cio_id']);

/** `undefined`: the path is not the App API's. */
export function answerAppApi(
  people: People,
  events: () => readonly ReceivedEvent[],
  key: string,
  asked: Asked,
): Answer | undefined {
  const [, step, what] = QUESTION.exec(asked.path) ?? [];
  if (step === undefined) return undefined;
  const userId = decodeURIComponent(step);
  const answer = (status: number, body: object): Answer => ({ service: 'app', userId, status, body });
  if (asked.headers.authorization !== `Bearer ${key}`) return answer(401, { errors: ['unauthorized'] });
  if (asked.method !== 'GET') return answer(405, { errors: ['use GET'] });
  if (!ID_TYPES.has(asked.query.get('id_type'))) return answer(400, { errors: ['id_type'] });
  const person = people.find(userId);
  if (!person) return answer(404, { errors: ['not found'] });
  if (what === 'activities') {
    const name = asked.query.get('name');
    const activities = events()
      .filter((event) => event.type === 'track' && event.userId === userId && event.event === name)
      .map(({ event, properties }) => ({ type: 'event', name: event, data: properties ?? {} }));
    return answer(200, { activities });
  }
  const { attributes, topics } = person;
  return answer(200, {
    customer: what === 'attributes' ? { id: userId, attributes } : { id: userId, topics },
  });
}
