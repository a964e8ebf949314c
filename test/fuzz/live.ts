import { inspect } from 'node:util';
import { createProxy, type ProxyLogEntry } from '../../src/proxy.ts';
// The proxy loads this file lazily. Loading it during a request could stop the process for longer than the time limits of the plan.
import '../../src/proxy/messages/messages-entry.ts';
import { seeded } from '../fakes/random.ts';
import { acceptedIds, problemsOf } from './check.ts';
import type { OpenDoor } from './doors.ts';
import { optionsOf, planOf } from './plan.ts';
import { makeRequest } from './request.ts';
import { forbiddenIn, makeTokens, type Tokens } from './secrets.ts';
import { type Call, createUpstream, moodOf } from './upstream.ts';

/** Counts by kind of outcome. */
export type Tally = Record<string, number>;

export const REQUESTS_PER_SEED = 50;

let tokens: Promise<Tokens> | undefined;

/**
 * Runs one proxy and its requests, all determined by a seed.
 *
 * @throws with the seed and the whole story when a rule was violated
 */
export async function live(seed: number, open: OpenDoor, tally: Tally): Promise<void> {
  tokens ??= makeTokens();
  const known = await tokens;
  const forbidden = forbiddenIn(known);
  const random = seeded(Math.imul(seed, 0x9e3779b1));
  const plan = planOf(random);
  const upstream = createUpstream(random, { mayAskToWait: plan.breakAfter < 10 });
  let log: ProxyLogEntry[] = [];
  const { fetch, deliver } = upstream;
  const proxy = createProxy(optionsOf(plan, { fetch, deliver, onLog: (entry) => log.push(entry) }));
  const before: (readonly Call[])[] = [];
  const door = await open(proxy);
  try {
    for (let nth = 0; nth < REQUESTS_PER_SEED; nth += 1) {
      const mood = moodOf(random);
      const request = makeRequest(plan, known, random);
      const calls = upstream.begin(mood);
      log = [];
      const answer = await door.send(request, random);
      if (answer === null) {
        count(tally, 'unsent');
        continue;
      }
      // The accepted ids are collected only now, because a slow upstream may accept events after their
      // response.
      const accepted = new Set(plan.deduplicates ? before.flatMap(acceptedIds) : []);
      before.push(calls);
      const problems = problemsOf({ plan, mood, request, answer, calls, log, forbidden, accepted });
      if (problems.length > 0) {
        const body = request.body.bytes.toString('latin1').slice(0, 3_000);
        const story = {
          plan,
          mood,
          request: { ...request, body: { ...request.body, bytes: body } },
          answer,
          calls,
          log,
        };
        throw new Error(
          `SEED=${seed}, request ${nth}: ${problems.join('; ')}\n${inspect(story, { depth: 6 })}`,
        );
      }
      count(tally, String(log[0]?.error ?? answer.status));
      if (log[0]?.rejected) count(tally, 'rejected one by one');
      if (calls.some((call) => call.accepted)) count(tally, 'arrived');
      if (log[0]?.duplicates) count(tally, 'came again');
    }
  } finally {
    door.close();
  }
}

function count(tally: Tally, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1;
}
