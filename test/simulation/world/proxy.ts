import type { WireEvent } from '../../../src/protocol/wire.ts';
import type { ProxyPlan } from './plan.ts';

export interface Arrival {
  /** Milliseconds since the world began. */
  readonly nowMs: number;
  readonly batch: readonly WireEvent[];
  /** The size of the body, not compressed. */
  readonly bytes: number;
  readonly gzipped: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The pause that the proxy asks for with `Retry-After`. */
  readonly quietMs?: number;
}

/** The proxy's reaction to a request; `hang-up`: the connection is closed without a response. */
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
