import type { Part } from './part.ts';
import type { Repeated } from './upstream.ts';

/** A process that was killed. */
export interface Kill {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly name: string;
  readonly kind: Part['kind'];
}

/** Why events came twice, as far as the times tell. */
export interface Reasons {
  /** The forwarder that had brought it was killed before it had heard the answer, or could acknowledge. */
  forwarder: number;
  /** Redis was killed, and forgot what it knew, or was left alone after that. */
  redis: number;
  /** A node of NATS was killed in the moment in which it was acknowledged, and nobody remembered it. */
  nats: number;
  /** A proxy was killed between the stream and its own memory, and the browser sent the batch again. */
  proxy: number;
  none: number;
}

/** An answer, and an acknowledgement after it, are there after so long on a machine that is busy. */
const UNDER_WAY_MS = 1_500;
/** A Redis that is killed comes back after so long, and is left alone for some seconds. */
const ALONE_MS = 12_000;
/** So long browsers try, and claims last. */
const AGAIN_MS = 40_000;

export function reasonsOf(repeated: readonly Repeated[], kills: readonly Kill[]): Reasons {
  const reasons: Reasons = { forwarder: 0, nats: 0, redis: 0, proxy: 0, none: 0 };
  for (const { arrivals } of repeated) {
    for (const [i, { at: againAt }] of arrivals.entries()) {
      const before = arrivals[i - 1];
      if (before === undefined) continue;
      const isIn = (kill: Kill, from: number, to: number): boolean => kill.at >= from && kill.at <= to;
      const was = (kind: Part['kind'], from: number, to: number, name?: string): boolean =>
        kills.some((kill) => kill.kind === kind && (!name || kill.name === name) && isIn(kill, from, to));
      if (was('forwarder', before.at - 100, before.at + UNDER_WAY_MS, `forwarder-${before.forwarder + 1}`))
        reasons.forwarder += 1;
      else if (was('redis', before.at - ALONE_MS, againAt)) reasons.redis += 1;
      else if (was('nats', before.at - 100, before.at + UNDER_WAY_MS)) reasons.nats += 1;
      else if (was('proxy', before.at - AGAIN_MS, againAt)) reasons.proxy += 1;
      else reasons.none += 1;
    }
  }
  return reasons;
}
