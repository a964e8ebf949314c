import { randomUUID } from 'node:crypto';
import { MAX_EVENT_BYTES } from '../../protocol/wire.ts';

/** The name of all events of a check, by which they are recognised in the workspace. */
export const EVENT_NAME = 'cio-first-party check';
/** The user id of a check, where there must be a person. */
export const USER_ID = 'cio-first-party-check';
/** A type that Customer.io does not know. */
export const UNKNOWN_TYPE = 'cio-first-party-check';

/** The number of events in a full batch of the SDK. */
export const MANY = 100;
/** The size of a batch that is nearly full. */
const NEARLY_A_BATCH_BYTES = 470_000;

/** Makes the events of one check: harmless, and of a visitor who does not exist. */
export interface Samples {
  /** Sets the identity of the next events. It begins as a visitor; some proxies accept only events of a person. */
  use(identity: 'visitor' | 'person'): void;
  /** An event of type `track`, or of another type that needs only an identity. */
  event(type?: string): object;
  /** As many events as a full batch of the SDK has. */
  many(): readonly object[];
  /** An event of the largest size that Customer.io accepts, or a larger one. */
  large(size?: 'allowed' | 'too-large'): object;
  /** Events that have nearly as many bytes as a full batch of the SDK. */
  largeBatch(): readonly object[];
  /** An `alias` from the visitor to the person. */
  alias(): object;
  /** An `identify` and an event of the person, both with this value, by which they can be recognised. */
  person(field: string, value: string): readonly object[];
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
    use(next) {
      identity = next === 'visitor' ? { anonymousId } : { anonymousId, userId: USER_ID };
    },
    event: (type) => event(type),
    many: () => Array.from({ length: MANY }, () => event()),
    large: (size = 'allowed') => ofBytes(MAX_EVENT_BYTES + (size === 'allowed' ? -100 : 8_000)),
    largeBatch() {
      const bytes = MAX_EVENT_BYTES - 2_000;
      return Array.from({ length: Math.floor(NEARLY_A_BATCH_BYTES / bytes) }, () => ofBytes(bytes));
    },
    person: (field, value) => [
      { ...base('identify'), userId: USER_ID, traits: { [field]: value } },
      { ...base('track'), userId: USER_ID, event: EVENT_NAME, properties: { [field]: value } },
    ],
    alias: () => ({ ...base('alias'), userId: USER_ID, previousId: anonymousId, anonymousId }),
  };
}
