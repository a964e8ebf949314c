import type { WireEvent } from '../../../src/protocol/wire.ts';
import type { ProxyPlan } from './plan.ts';

export interface Arrival {
  /** Since the world began. */
  readonly nowMs: number;
  readonly batch: readonly WireEvent[];
  /** Of the body, not compressed. */
  readonly bytes: number;
  readonly gzipped: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** For how long it wants to be left alone: what `Retry-After` says. */
  readonly quietMs?: number;
}

/** What the proxy makes of a request that has reached it; `hang-up` is no answer at all. */
export type Judgement = Answer | 'hang-up';

const AT_FIRST_MS = 120_000;

export function judgeArrival({ nowMs, batch, bytes, gzipped }: Arrival, plan: ProxyPlan): Judgement {
  const readsGzip = plan.readsGzip === 'always' || (plan.readsGzip === 'at first' && nowMs < AT_FIRST_MS);
  if (gzipped && !readsGzip) return { status: 415 };
  if (bytes > plan.mostBytes) return { status: 413 };
  if (batch.some(({ event }) => event === 'poison')) {
    switch (plan.poison) {
      case 'refused':
        return { status: 400 };
      case 'crash':
        return { status: 500 };
      case 'hang-up':
        return 'hang-up';
    }
  }
  return { status: 200, headers: readsGzip ? { 'Accept-Encoding': 'gzip' } : {} };
}
