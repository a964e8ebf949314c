import type { Answer, Asked } from './contract.ts';
/** The two services of Customer.io that know people: which of them is asked, what goes wrong, and what they were asked. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Fields, integer, readFields, textOrNull } from '../fields.ts';
import { answerAppApi } from './app-api.ts';
import { answerInApp } from './in-app.ts';
import { createPeople, type People } from './people.ts';

/** One question as it was answered. */
export interface Question extends Pick<Answer, 'service' | 'userId' | 'status'> {
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
  /** `undefined`: neither of them has such a path. */
  answer(asked: Asked): Promise<Answer | undefined>;
  questions(): readonly Question[];
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
}

export function createServices({ appKey = 'app-key', siteId = 'site-id' }: ServicesOptions = {}): Services {
  const people = createPeople();
  let questions: Question[] = [];
  let faults = NO_FAULTS;

  return {
    people,
    async answer(asked) {
      const { method, path } = asked;
      const isAbout = answerAppApi(people, appKey, asked) ?? answerInApp(people, siteId, asked);
      if (!isAbout) return undefined;
      const { service, userId } = isAbout;
      const { status, latencyMs } = faults.userId === null || faults.userId === userId ? faults : NO_FAULTS;
      const answer = status === 200 ? isAbout : { service, userId, status, body: { error: 'told to fail' } };
      questions.push({ service, userId, method, path, status: answer.status });
      if (latencyMs > 0) await delay(latencyMs);
      return answer;
    },
    questions: () => questions,
    faults: () => faults,
    setFaults(changed) {
      faults = { ...faults, ...changed };
    },
    forget() {
      people.replace({});
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
