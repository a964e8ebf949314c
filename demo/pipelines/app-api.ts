/** A stand-in for the two questions of Customer.io's App API: https://docs.customer.io/integrations/api/app/ */
import type { People } from './people.ts';
import type { Answer, Asked } from './contract.ts';

const QUESTION = /^\/v1\/customers\/([^/]+)\/(attributes|subscription_preferences)$/;

/** `undefined`: the path is not the App API's. */
export function answerAppApi(people: People, key: string, asked: Asked): Answer | undefined {
  const [, step, what] = QUESTION.exec(asked.path) ?? [];
  if (step === undefined) return undefined;
  const userId = decodeURIComponent(step);
  const answer = (status: number, body: object): Answer => ({ service: 'app', userId, status, body });
  if (asked.headers.authorization !== `Bearer ${key}`) return answer(401, { errors: ['unauthorized'] });
  if (asked.method !== 'GET') return answer(405, { errors: ['use GET'] });
  if (asked.query.get('id_type') !== 'id') return answer(400, { errors: ['id_type'] });
  const person = people.find(userId);
  if (!person) return answer(404, { errors: ['not found'] });
  const { attributes, topics } = person;
  return answer(200, {
    customer: what === 'attributes' ? { id: userId, attributes } : { id: userId, topics },
  });
}
