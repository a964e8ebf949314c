import type { AttributesAnswer, SubscriptionTopic, TopicsAnswer } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { createSecretReader, SecretError } from '../lib/secret.ts';
import type { AppApiSettings } from './private-settings.ts';
import { createPrivateService, parseJson, type PrivateServiceNeeds } from './private-service.ts';
import { isRecord } from '../lib/is-record.ts';
import { bareTopicId } from './subscriptions.ts';

/** Reads the data that Customer.io stores about one person. A person that Customer.io does not know has no data. */
export interface AppApi {
  /** Reads the attributes that the option `appApi.attributes` allows. */
  attributes(userId: string, note: LogNote): Promise<AttributesAnswer | Refusal>;
  /** Reads the subscription topics, and whether the person is subscribed. */
  topics(userId: string, note: LogNote): Promise<TopicsAnswer | Refusal>;
}

/** A client of the App API: https://docs.customer.io/integrations/api/app/ */
export function createAppApi(
  needs: PrivateServiceNeeds,
  { key, url, attributes, idType }: AppApiSettings,
): AppApi {
  const { timeoutMs } = needs;
  const readKey = createSecretReader({ name: 'appApi.key', secret: key, leastBytes: 1, timeoutMs });
  const upstream = createPrivateService(needs, {
    name: "Customer.io's App API",
    url,
    headers: async () => {
      const read = (await readKey()).trim();
      // The error of `fetch` for such a header has the whole key in its message, which the log would show.
      if (!/^[!-~]+$/.test(read)) throw new SecretError('The function "appApi.key" returned no usable key.');
      return { Authorization: `Bearer ${read}`, Accept: 'application/json' };
    },
  });

  /** Returns the object `customer` of a response; `null` when there is no such person. */
  async function customer(
    userId: string,
    what: 'attributes' | 'subscription_preferences',
    note: LogNote,
  ): Promise<{ readonly customer: Readonly<Record<string, unknown>> } | Refusal | null> {
    // `.` and `..` would change the path, percent-encoded or not.
    if (userId === '.' || userId === '..') return null;
    const path = `/v1/customers/${encodeURIComponent(userId)}/${what}?id_type=${idType}`;
    const found = await upstream.ask({ path, method: 'GET' }, note);
    if (found.kind === 'refused') return found;
    if (found.kind === 'absent') return null;
    const body = parseJson(found.text);
    const person = isRecord(body) ? body['customer'] : undefined;
    return isRecord(person) ? { customer: person } : upstream.garbage();
  }

  return {
    async attributes(userId, note) {
      const person = await customer(userId, 'attributes', note);
      if (person === null) return { attributes: {} };
      if ('kind' in person) return person;
      const stored = person.customer['attributes'];
      if (!isRecord(stored)) return upstream.garbage();
      const shown = Object.entries(stored).filter(([name]) => attributes?.includes(name) ?? true);
      return { attributes: Object.fromEntries(shown) };
    },

    async topics(userId, note) {
      const person = await customer(userId, 'subscription_preferences', note);
      if (person === null) return { topics: [] };
      if ('kind' in person) return person;
      const { topics = [] } = person.customer;
      return Array.isArray(topics) ? { topics: topics.flatMap(toTopic) } : upstream.garbage();
    },
  };
}

function toTopic(value: unknown): readonly SubscriptionTopic[] {
  if (!isRecord(value)) return [];
  const { id, name, description, subscribed } = value;
  // The documentation declares the id as text, its examples have numbers.
  if (typeof id !== 'string' && typeof id !== 'number') return [];
  if (typeof name !== 'string' || typeof subscribed !== 'boolean') return [];
  return [{ id: bareTopicId(id), name, ...(typeof description === 'string' && { description }), subscribed }];
}
