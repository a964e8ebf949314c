/** What Customer.io knows of people: their attributes, their topics, the messages in their inboxes. */
import { isObject } from '../http.ts';

/** A topic as the App API tells it. */
export interface Topic {
  readonly id: string | number;
  readonly name: string;
  readonly description?: string;
  readonly subscribed: boolean;
}

/** A message as the in-app service tells it. */
export interface Message extends Readonly<Record<string, unknown>> {
  readonly queueId: string;
  readonly opened: boolean;
}

/** A message that the page shows, as the in-app service tells it. */
export interface InAppMessage extends Readonly<Record<string, unknown>> {
  readonly queueId: string;
  readonly messageId: string;
  /** Lower is shown first. */
  readonly priority?: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Person {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly topics: readonly Topic[];
  /** The inbox. */
  readonly messages: readonly Message[];
  /** The queue of messages that the page shows. @default none */
  readonly inAppMessages?: readonly InAppMessage[];
}

export interface People {
  all(): Readonly<Record<string, Person>>;
  find(id: string): Person | undefined;
  put(id: string, person: Person): void;
  /** Instead of those that were there; what a person is not given is empty. */
  replace(given: Readonly<Record<string, Partial<Person>>>): void;
  /** Sets the queue of messages that the page shows. Adds the person if there is none of this id. */
  setInAppMessages(id: string, messages: readonly InAppMessage[]): void;
  /** Says whether there was such a message in the inbox. */
  open(id: string, queueId: string, opened: boolean): boolean;
  /** Removes a message from inbox and queue. Says whether there was one. */
  remove(id: string, queueId: string): boolean;
}

const NOTHING: Person = { attributes: {}, topics: [], messages: [] };

export function createPeople(): People {
  const people = new Map<string, Person>();

  return {
    all: () => Object.fromEntries(people),
    find: (id) => people.get(id),
    put: (id, person) => void people.set(id, person),
    replace(given) {
      people.clear();
      for (const [id, person] of Object.entries(given)) people.set(id, { ...NOTHING, ...person });
    },
    setInAppMessages: (id, inAppMessages) =>
      void people.set(id, { ...(people.get(id) ?? NOTHING), inAppMessages }),
    open(id, queueId, opened) {
      const person = people.get(id);
      if (!person?.messages.some((message) => message.queueId === queueId)) return false;
      const messages = person.messages.map((each) =>
        each.queueId === queueId ? Object.assign({}, each, { opened }) : each,
      );
      people.set(id, { ...person, messages });
      return true;
    },
    remove(id, queueId) {
      const person = people.get(id);
      const isOther = (message: { readonly queueId: string }): boolean => message.queueId !== queueId;
      if (!person || [...person.messages, ...(person.inAppMessages ?? [])].every(isOther)) return false;
      people.set(id, {
        ...person,
        messages: person.messages.filter(isOther),
        ...(person.inAppMessages && { inAppMessages: person.inAppMessages.filter(isOther) }),
      });
      return true;
    },
  };
}

/** Whether a control body names people by id. */
export function arePeople(body: unknown): body is Readonly<Record<string, Partial<Person>>> {
  return isObject(body) && Object.values(body).every(isObject);
}
