import { randomUUID } from 'node:crypto';
import { MAX_EVENT_BYTES } from '../../protocol/wire.ts';

/** What every event of a check is called, so that it is recognised in the workspace. */
export const EVENT_NAME = 'cio-first-party check';
/** The person of a check, where there must be one. */
export const USER_ID = 'cio-first-party-check';
/** No call of Customer.io's API. */
export const UNKNOWN_TYPE = 'cio-first-party-check';

/** How many events the SDK puts into a batch. */
export const MANY = 100;
const NEARLY_A_BATCH_BYTES = 470_000;

/** The events of one check: harmless, and of a visitor that is nobody. */
export interface Samples {
  /** Which identity the next events have. The proxies that need a person get one; begins with a visitor. */
  use(identity: 'visitor' | 'person'): void;
  /** A `track`, or another call that needs no more than an identity. */
  event(type?: string): object;
  many(): readonly object[];
  /** The largest that Customer.io takes, or one that it does not take. */
  large(size?: 'allowed' | 'too-large'): object;
  /** As many bytes as the SDK puts into a batch. */
  largeBatch(): readonly object[];
  alias(): object;
}

export function createSamples(): Samples {
  const anonymousId = `cio-first-party-check-${randomUUID()}`;
  let identity: Readonly<Record<string, string>> = { anonymousId };

  const base = (type: string): object => ({
    type,
    messageId: `cio-first-party-check-${randomUUID()}`,
    timestamp: new Date().toISOString(),
    context: { library: { name: 'cio-first-party check' } },
  });
  const event = (type = 'track', properties: object = {}): object => ({
    ...base(type),
    ...identity,
    ...(type === 'identify' ? { traits: {} } : { properties }),
    ...(type === 'track' && { event: EVENT_NAME }),
    ...((type === 'page' || type === 'screen') && { name: EVENT_NAME }),
  });

  function ofBytes(bytes: number): object {
    const bare = JSON.stringify(event('track', { filling: '' })).length;
    return event('track', { filling: 'x'.repeat(bytes - bare) });
  }

  return {
    use(who) {
      identity = who === 'visitor' ? { anonymousId } : { anonymousId, userId: USER_ID };
    },
    event: (type) => event(type),
    many: () => Array.from({ length: MANY }, () => event()),
    large: (size = 'allowed') => ofBytes(MAX_EVENT_BYTES + (size === 'allowed' ? -100 : 8_000)),
    largeBatch() {
      const bytes = MAX_EVENT_BYTES - 2_000;
      return Array.from({ length: Math.floor(NEARLY_A_BATCH_BYTES / bytes) }, () => ofBytes(bytes));
    },
    alias: () => ({ ...base('alias'), userId: USER_ID, previousId: anonymousId, anonymousId }),
  };
}
