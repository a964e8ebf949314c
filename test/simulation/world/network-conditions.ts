import { START_MS } from '../../fakes/clock.ts';
import type { Random } from '../../fakes/random.ts';
import type { Answer } from './proxy.ts';

/** `down`: no request arrives. `blocked`: a content blocker stops every request. `bad`: each request may fail in any way. */
export type NetworkCondition = 'good' | 'bad' | 'down' | 'blocked';

/** The way of one request: whether and when it arrives, and how much of the response comes back. */
export interface RequestOutcome {
  readonly reaches: boolean;
  readonly arriveMs: number;
  /** A response of a gateway in front of the proxy, which then does not see the request. */
  readonly instead?: Answer;
  readonly answerMs: number;
  readonly back: 'whole' | 'half' | 'lost' | 'never';
}

export interface NetworkConditions {
  condition(): NetworkCondition;
  become(condition: NetworkCondition): void;
  /** Draws the outcome of the next request. */
  nextOutcome(): RequestOutcome;
}

export function createNetworkConditions(random: Random, nowMs: () => number): NetworkConditions {
  let condition: NetworkCondition = 'good';

  function nextOutcome(): RequestOutcome {
    const good: RequestOutcome = {
      reaches: true,
      arriveMs: 5 + random.below(100),
      answerMs: 5 + random.below(100),
      back: 'whole',
    };
    if (condition === 'good') return good;
    if (condition !== 'bad') return { ...good, reaches: false, arriveMs: random.below(20) };
    const quietMs = (1 + random.below(random.chance(0.2) ? 3_600 : 30)) * 1_000;
    const seconds = { 'Retry-After': String(quietMs / 1_000) };
    const date = (ms: number): string => new Date(START_MS + ms).toUTCString();
    const busy: readonly Answer[] = [
      { status: 500 },
      { status: 502 },
      { status: 503 },
      { status: 408 },
      { status: 503, headers: seconds, quietMs },
      { status: 429, headers: seconds, quietMs },
      {
        status: 503,
        headers: { 'Retry-After': date(nowMs() + quietMs), Date: date(nowMs()) },
        quietMs,
      },
      { status: 503, headers: { 'Retry-After': '0' } },
      { status: 401 },
    ];
    const roll = random.below(100);
    if (roll < 40) return good;
    if (roll < 65) return { ...good, instead: busy[random.below(busy.length)] ?? { status: 503 } };
    if (roll < 72) return { ...good, reaches: false };
    if (roll < 79) return { ...good, back: 'lost' };
    if (roll < 84) return { ...good, back: 'half' };
    if (roll < 88) return { ...good, reaches: false, back: 'never' };
    if (roll < 92) return { ...good, back: 'never' };
    return { ...good, arriveMs: random.below(10_000), answerMs: random.below(10_000) };
  }

  return { condition: () => condition, become: (next) => void (condition = next), nextOutcome };
}
