import { EVENT_TYPES } from '../../src/protocol/wire.ts';
import type { Random } from '../fakes/random.ts';
import { makeMetric } from './metrics.ts';
import { MINE } from './secrets.ts';

export type Fields = Record<string, unknown>;

/** Makes a batch in which most events are valid. */
export function makeEvents(random: Random): unknown[] {
  const length = random.chance(0.03) ? 13 + random.below(3) : random.below(6);
  return Array.from({ length }, () => {
    const event = random.chance(0.15) ? makeMetric(random) : makeEvent(random);
    return random.chance(0.06) ? spoilt(event, random) : event;
  });
}

function makeEvent(random: Random): Fields {
  return {
    type: random.pick(EVENT_TYPES),
    event: random.pick(['Order Placed', 'Debug', 'poison', 'grüße 🦊', 'User Deleted Comment']),
    messageId: `message-${random.below(random.chance(0.2) ? 10 : 1e12)}`,
    timestamp: '2026-01-02T03:04:05.006Z',
    anonymousId: 'anonymous-1',
    ...(random.chance(0.3) && { userId: random.pick([MINE, 'u2', '', null, 7]) }),
    properties: { total: 12.5, text: 'x'.repeat(random.chance(0.03) ? 2_000 : random.below(20)) },
    context: random.pick<unknown>([
      { page: { path: '/' } },
      { ip: '6.6.6.6', IP: '6.6.6.6' },
      {},
      null,
      'none',
    ]),
  };
}

const ODD: readonly [unknown, ...unknown[]] = [
  null,
  7,
  -0,
  '',
  true,
  [],
  {},
  ['track'],
  { toString: 'track' },
  '\ud800',
  '\u0000',
  1e300,
];

const PRIVILEGED = [
  'User Deleted',
  'user suppressed',
  ' User Unsuppressed ',
  'Object Deleted',
  'RELATIONSHIP DELETED',
  'Device Created or Updated',
  'Device Deleted\n',
  '\u00a0Report Delivery Event',
  'Report Content Event',
] as const;

type Spoil = (event: Fields, random: Random) => unknown;

const SPOILS: readonly [Spoil, ...Spoil[]] = [
  (event, random) => ({ ...event, event: random.pick(PRIVILEGED) }),
  (event, random) => ({ ...event, type: 'track', event: [random.pick(PRIVILEGED)] }),
  (event, random) => ({ ...event, [random.pick(['Event', 'EVENT', 'Type', 'CONTEXT'])]: 'User Deleted' }),
  (event, random) => ({
    ...event,
    type: random.pick<unknown>(['closeAndFlush', 'Track', '__proto__', 'constructor', ' track', ...ODD]),
  }),
  (event, random) => ({ ...event, event: random.pick(ODD) }),
  (event, random) => ({ ...event, messageId: random.chance(0.3) ? 'x'.repeat(101) : random.pick(ODD) }),
  (event, random) => ({ ...event, context: random.pick(ODD) }),
  (event, random) => ({ ...event, [random.pick(['UserId', 'USERID', 'previousId', 'PreviousID'])]: 'u2' }),
  (event, random) => ({
    ...event,
    [random.pick(['properties', 'traits', 'integrations'])]: random.pick(ODD),
  }),
  (event) => without(event, 'type'),
  (event) => without(event, 'event'),
  (event) => without(event, 'messageId'),
  (event) => without(event, 'context'),
  (_, random) => random.pick(ODD),
];

function without(event: Fields, field: string): Fields {
  return Object.fromEntries(Object.entries(event).filter(([key]) => key !== field));
}

function spoilt(event: Fields, random: Random): unknown {
  return random.pick(SPOILS)(event, random);
}
