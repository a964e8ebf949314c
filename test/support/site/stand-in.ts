/** Controls the stand-in for Customer.io: reads which events have arrived, and sets its faults. */
import type { PipelineFaults } from '../../../demo/pipelines/faults.ts';
import type { ReceivedEvent } from '../../../demo/pipelines/call.ts';
import type { ReceivedRequest } from '../../../demo/pipelines/ledger.ts';
import type { Person } from '../../../demo/pipelines/people.ts';
import type { Question, ServiceFaults } from '../../../demo/pipelines/services.ts';
import { createInAppControl, type InAppControl } from './in-app-control.ts';

/** An event as it arrived, with every field that the tests look into. */
export interface Arrived extends ReceivedEvent {
  readonly event?: string;
  readonly name?: string;
  readonly userId?: string;
  readonly anonymousId?: string;
  readonly previousId?: string;
  readonly groupId?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, unknown>> & { readonly page: Readonly<Record<string, string>> };
}

/** What happened to the events that a test has made. */
export interface Account {
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
}

export interface StandIn extends InAppControl {
  readonly origin: string;
  /** The events in the order of arrival. */
  events(): Promise<readonly Arrived[]>;
  /** The `event` of each, or its `name`, or its type. */
  names(): Promise<readonly string[]>;
  /** How often each `messageId` has arrived. */
  times(): Promise<ReadonlyMap<string, number>>;
  requests(): Promise<readonly ReceivedRequest[]>;
  /** Counts by event name; each name must belong to one event only. */
  account(names: readonly string[]): Promise<Account>;
  faults(faults: Partial<PipelineFaults>): Promise<void>;
  /** Replaces the people that the App API and the in-app service know. */
  setPeople(people: Readonly<Record<string, Partial<Person>>>): Promise<void>;
  people(): Promise<Readonly<Record<string, Person>>>;
  /** The requests that these two services have received. */
  questions(): Promise<readonly Question[]>;
  /** Sets the faults of these two services. */
  serviceFaults(faults: Partial<ServiceFaults>): Promise<void>;
  forget(): Promise<void>;
}

export const nameOf = ({ type, event, name }: Arrived): string => event ?? name ?? type;

/** The names `Event 1` to `Event n`. */
export const numbered = (count: number, prefix = 'Event'): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i + 1}`);

export function createStandIn(origin: string): StandIn {
  async function ask<T>(method: string, what: string, body?: unknown): Promise<T> {
    const url = `${origin}/_control/${what}`;
    const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    // A refusal of the control path is a mistake of the test.
    if (what.startsWith('in-app') && !response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  }
  const events = async (): Promise<readonly Arrived[]> =>
    (await ask<{ events: readonly Arrived[] }>('GET', 'events')).events;

  async function tally(keyOf: (event: Arrived) => string): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const event of await events()) counts.set(keyOf(event), (counts.get(keyOf(event)) ?? 0) + 1);
    return counts;
  }

  return {
    ...createInAppControl(ask),
    origin,
    events,
    times: () => tally(({ messageId }) => messageId),
    names: async () => (await events()).map(nameOf),
    requests: async () => (await ask<{ requests: readonly ReceivedRequest[] }>('GET', 'requests')).requests,
    async account(names) {
      const arrived = await tally(nameOf);
      const counts = names.map((name) => arrived.get(name) ?? 0);
      return {
        delivered: counts.filter((count) => count > 0).length,
        lost: counts.filter((count) => count === 0).length,
        duplicated: counts.filter((count) => count > 1).length,
      };
    },
    faults: async (faults) => void (await ask('POST', 'faults', faults)),
    setPeople: async (people) => void (await ask('PUT', 'people', people)),
    people: () => ask('GET', 'people'),
    questions: async () =>
      (await ask<{ questions: readonly Question[] }>('GET', 'people/questions')).questions,
    serviceFaults: async (faults) => void (await ask('POST', 'people/faults', faults)),
    async forget() {
      await ask('DELETE', 'people');
      await ask('DELETE', 'in-app');
      await ask('POST', 'faults', { status: 200, latencyMs: 0, retryAfter: null, poison: null });
      await ask('DELETE', 'events');
      await ask('DELETE', 'requests');
    },
  };
}
