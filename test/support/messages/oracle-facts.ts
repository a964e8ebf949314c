/** The facts about messages that Customer.io and the application of the page learn, in one form for both SDKs. */
import type { InAppRequest } from '../../../demo/pipelines/in-app/record.ts';
import type { Arrived } from '../site/stand-in.ts';

/** A message event, as a page of the oracle tells it. */
export interface ToldMessage {
  readonly type: string;
  readonly messageId: string;
  readonly deliveryId?: string | undefined;
  readonly actionName?: string | undefined;
  readonly actionValue?: string | undefined;
}

/** The name that both SDKs have for the same moment. */
const TYPES: Readonly<Record<string, string>> = { opened: 'shown' };

const joined = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== '').join(' ');

/** `page: shown gist-html-q1 d1` */
export const factOfPage = ({ type, messageId, deliveryId, actionName, actionValue }: ToldMessage): string =>
  joined('page:', TYPES[type] ?? type, messageId, deliveryId, actionName, actionValue);

/** Each SDK makes another id for a visitor who is not identified. */
const GUEST = /^[\da-f]{8}-[\da-f-]{27}$/;

const personOf = (userId: string | null | undefined): string =>
  typeof userId !== 'string' || GUEST.test(userId) ? 'by a guest' : `by ${userId}`;

/** `service: seen q1 by u1`, for `POST /api/v1/logs/queue/q1`; undefined for requests that tell nothing about a message. */
export function factOfService({ route, path, userId, outcome }: InAppRequest): string | undefined {
  if (route !== 'seen' && route !== 'shown') return undefined;
  const id = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1));
  const status = outcome === 200 ? '' : String(outcome);
  return joined('service:', route, id, personOf(userId), status);
}

/** `event: Report Delivery Event by u1 deliveryId=d1 metric=opened` */
export function factOfEvent({ type, event, userId, properties = {} }: Arrived): string | undefined {
  if (type !== 'track') return undefined;
  const texts = Object.entries(properties).map(([name, value]) => `${name}=${String(value)}`);
  return joined('event:', event, personOf(userId), ...texts.sort());
}

/** What one step of a scenario has led to. */
export interface StepFacts {
  readonly step: string;
  /** Sorted: requests and events of one moment arrive in any order. */
  readonly facts: readonly string[];
}

/** A difference between our SDK and Customer.io's. */
export interface Difference {
  readonly step: string;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** Returns the steps in which the facts differ, with the facts that only one of the SDKs has. */
export function differencesOf(ours: readonly StepFacts[], theirs: readonly StepFacts[]): Difference[] {
  return ours.flatMap(({ step, facts }, index) => {
    const others = theirs[index]?.facts ?? [];
    const difference = { step, ours: without(facts, others), theirs: without(others, facts) };
    return difference.ours.length + difference.theirs.length > 0 ? [difference] : [];
  });
}

/** Returns the facts that the other list does not have. A fact that is twice in the first list has to be twice in the other one. */
export function without(facts: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return facts.filter((fact) => {
    const at = left.indexOf(fact);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
