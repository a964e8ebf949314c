import {
  type Call,
  createWrapped,
  type EventMethod,
  type Wrapped,
} from '../../../../src/sdk/customerio/wrapped.ts';
import { createCookies } from '../../../../src/sdk/identity/cookies.ts';
import { toJsonValue } from '../../../../src/sdk/event/to-json-value.ts';
import type { DraftEvent } from '../../../../src/sdk/event/draft-event.ts';
import { createVisitor, type Visitor } from '../../../../src/sdk/identity/visitor.ts';
import { type FakeClock, fakeClock } from '../../../fakes/clock.ts';
import { fakeCookieJar } from '../../../fakes/cookie-jar.ts';
import { pageFacts } from '../../../fakes/page.ts';
import { fakeTextStore } from '../../../fakes/text-store.ts';

/** Runs the way of a call up to the finished event, with a visitor of its own. */
export interface Bench {
  readonly wrapped: Wrapped;
  readonly clock: FakeClock;
  readonly visitor: Visitor;
  /** Makes a call as the client does. Returns the event's id. */
  call(method: EventMethod, ...args: readonly unknown[]): string;
  /** The finished events, in order. */
  readonly accepted: readonly DraftEvent[];
  readonly refused: readonly (readonly [id: string, reason: string])[];
  readonly reports: readonly (readonly [what: string, cause: unknown])[];
  /** The events that the wrapped SDK has emitted. */
  readonly told: readonly (readonly [name: string, args: readonly unknown[]])[];
  names(): readonly unknown[];
}

export function bench(integrations: Readonly<Record<string, unknown>> = {}): Bench {
  const clock = fakeClock();
  const accepted: DraftEvent[] = [];
  const refused: (readonly [string, string])[] = [];
  const reports: (readonly [string, unknown])[] = [];
  const told: (readonly [string, readonly unknown[]])[] = [];
  const pageUrl = 'https://shop.example.com/';
  let ids = 0;
  const visitor = createVisitor({
    cookies: createCookies({ jar: fakeCookieJar(pageUrl), pageUrl, options: {} }),
    local: fakeTextStore(),
    newId: () => `anonymous-${(ids += 1)}`,
    userOptions: {},
    groupOptions: {},
    tell: () => undefined,
  });
  let calls = 0;
  const newCall = (): Pick<Call, 'id' | 'snapshot'> => ({
    id: `call-${(calls += 1)}`,
    snapshot: { at: clock.now(), page: pageFacts() },
  });
  const wrapped = createWrapped({
    clock,
    library: { name: 'cio-first-party', version: '1' },
    user: visitor.user,
    group: visitor.group,
    integrations,
    newCall,
    categories: () => ({}),
    accept: (_id, draft) => void accepted.push(toJsonValue(draft) as DraftEvent),
    refuse: (id, reason) => void refused.push([id, reason]),
    report: (what, cause) => void reports.push([what, cause]),
    tell: (name, args) => void told.push([name, args]),
  });
  return {
    wrapped,
    clock,
    visitor,
    call(method, ...given) {
      const args = given.map((each) => (typeof each === 'function' ? each : toJsonValue(each)));
      const made = { ...newCall(), method, args };
      wrapped.run(made);
      return made.id;
    },
    accepted,
    refused,
    reports,
    told,
    names: () => accepted.map(({ event }) => event),
  };
}
