/** The two services of Customer.io that know people: which of them is asked, what goes wrong, and what they were asked. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Fields, integer, readFields, textOrNull } from '../fields.ts';
import { answerAppApi } from './app-api.ts';
import type { ReceivedEvent } from './call.ts';
import type { Answer, Asked } from './contract.ts';
import { createInApp, type InApp } from './in-app/in-app.ts';
import { createPeople, type People } from './people.ts';

/** One question as it was answered. */
export interface Question extends Pick<Answer, 'userId' | 'status'> {
  readonly service: 'app' | 'in-app';
  readonly method: string;
  readonly path: string;
}

export interface ServiceFaults {
  /** 200: works; anything else is the answer to every question. */
  readonly status: number;
  /** How long every answer takes, in milliseconds. */
  readonly latencyMs: number;
  /** Only where it is asked about this person. */
  readonly userId: string | null;
}

const NO_FAULTS: ServiceFaults = { status: 200, latencyMs: 0, userId: null };

export interface Services {
  readonly people: People;
  readonly inApp: InApp;
  /** The answer of the App API. `undefined`: it has no such path. */
  answer(asked: Asked): Promise<Answer | undefined>;
  questions(): readonly Question[];
  /** Calls the listener with each question when it has been answered. */
  onQuestion(listener: (question: Question) => void): void;
  faults(): ServiceFaults;
  setFaults(faults: Partial<ServiceFaults>): void;
  /** Everybody, every question and every fault. */
  forget(): void;
}

export interface ServicesOptions {
  /** Of the App API. @default 'app-key' */
  readonly appKey?: string | undefined;
  /** Of the workspace. @default 'site-id' */
  readonly siteId?: string | undefined;
  /** The events that have arrived, for the activities of a person. @default none */
  readonly events?: (() => readonly ReceivedEvent[]) | undefined;
}

export function createServices({
  appKey = 'app-key',
  siteId = 'site-id',
  events = () => [],
}: ServicesOptions = {}): Services {
  const people = createPeople();
  let questions: Question[] = [];
  const listeners: ((question: Question) => void)[] = [];
  let faults = NO_FAULTS;
  const faultOf = (userId: string): ServiceFaults =>
    faults.userId === null || faults.userId === userId ? faults : NO_FAULTS;
  function note(question: Question): void {
    questions.push(question);
    for (const listener of listeners) listener(question);
  }
  const inApp = createInApp({
    people,
    siteId,
    serviceFault: faultOf,
    note: (userId, method, path, status) => note({ service: 'in-app', userId, method, path, status }),
  });

  return {
    people,
    inApp,
    async answer(asked) {
      const { method, path } = asked;
      const isAbout = answerAppApi(people, events, appKey, asked);
      if (!isAbout) return undefined;
      const { service, userId } = isAbout;
      const { status, latencyMs } = faultOf(userId);
      const answer = status === 200 ? isAbout : { service, userId, status, body: { error: 'told to fail' } };
      note({ service, userId, method, path, status: answer.status });
      if (latencyMs > 0) await delay(latencyMs);
      return answer;
    },
    questions: () => questions,
    onQuestion: (listener) => void listeners.push(listener),
    faults: () => faults,
    setFaults(changed) {
      faults = { ...faults, ...changed };
    },
    forget() {
      people.replace({});
      inApp.reset();
      questions = [];
      faults = NO_FAULTS;
    },
  };
}

export function readServiceFaults(body: unknown): Fields<ServiceFaults> {
  return readFields<ServiceFaults>(body, {
    status: integer(200, 599),
    latencyMs: integer(0, 120_000),
    userId: textOrNull,
  });
}
