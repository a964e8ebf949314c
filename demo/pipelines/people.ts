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

export interface Person {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly topics: readonly Topic[];
  readonly messages: readonly Message[];
}

export interface People {
  all(): Readonly<Record<string, Person>>;
  find(id: string): Person | undefined;
  put(id: string, person: Person): void;
  /** Instead of those that were there; what a person is not given is empty. */
  replace(given: Readonly<Record<string, Partial<Person>>>): void;
  /** Says whether there was such a message. */
  open(id: string, queueId: string): boolean;
  /** The same. */
  remove(id: string, queueId: string): boolean;
}

const NOTHING: Person = { attributes: {}, topics: [], messages: [] };

export function createPeople(): People {
  const people = new Map<string, Person>();

  function change(id: string, queueId: string, to: (message: Message) => readonly Message[]): boolean {
    const person = people.get(id);
    if (!person?.messages.some((message) => message.queueId === queueId)) return false;
    const messages = person.messages.flatMap((each) => (each.queueId === queueId ? to(each) : [each]));
    people.set(id, { ...person, messages });
    return true;
  }

  return {
    all: () => Object.fromEntries(people),
    find: (id) => people.get(id),
    put: (id, person) => void people.set(id, person),
    replace(given) {
      people.clear();
      for (const [id, person] of Object.entries(given)) people.set(id, { ...NOTHING, ...person });
    },
    open: (id, queueId) => change(id, queueId, (message) => [{ ...message, opened: true }]),
    remove: (id, queueId) => change(id, queueId, () => []),
  };
}

/** Whether a control body names people by id. */
export function arePeople(body: unknown): body is Readonly<Record<string, Partial<Person>>> {
  return isObject(body) && Object.values(body).every(isObject);
}
