import { createHmac, hkdfSync } from 'node:crypto';
import type { Random } from '../fakes/random.ts';
import type { Fields } from './events.ts';
import { isObject } from './judge.ts';
import { MINE, WRITE_KEY } from './secrets.ts';

/** The receiver and the delivery or content of a handle, in the order of a handle's payload. */
interface Target {
  readonly kind: string;
  readonly id: string;
  readonly ids: readonly (string | number)[];
}

export const GUEST = '6b1e1e0e-7d8c-4f4b-9a5e-0123456789ab';
const DAY_SECONDS = 86_400;

/** Signs a handle, by code that is independent of the proxy's. */
function signed({ kind, id, ids }: Target, secret = WRITE_KEY, days = 20): string {
  const expiresAt = Math.floor(Date.now() / 1_000) + days * DAY_SECONDS;
  const text = Buffer.from(JSON.stringify([kind, id, expiresAt, ...ids])).toString('base64url');
  const key = hkdfSync('sha256', secret, '', 'cio-first-party message handle v1', 32);
  return `${text}.${createHmac('sha256', Buffer.from(key)).update(text).digest('base64url')}`;
}

const TARGETS: readonly [Target, ...Target[]] = [
  { kind: 'person', id: MINE, ids: ['delivery-1'] },
  { kind: 'person', id: MINE, ids: [7, 3] },
  { kind: 'person', id: 'u2', ids: ['delivery-2'] },
  { kind: 'guest', id: GUEST, ids: [8, 4] },
];
const KNOWN: ReadonlyMap<unknown, Target> = new Map(TARGETS.map((target) => [signed(target), target]));
const GOOD = [...KNOWN.keys()] as [string, ...string[]];
const [HEAD = '', SIGNATURE = ''] = GOOD[0].split('.');
const [OTHER_HEAD = ''] = GOOD[2]?.split('.') ?? [];
const BAD: readonly [unknown, ...unknown[]] = [
  signed(TARGETS[0], 'another-write-key'),
  signed(TARGETS[0], WRITE_KEY, -1),
  signed({ kind: 'staff', id: MINE, ids: ['delivery-1'] }),
  `${OTHER_HEAD}.${SIGNATURE}`,
  `${HEAD}.`,
  `${GOOD[0]}=`,
  `${GOOD[0]}.${SIGNATURE}`,
  ` ${GOOD[0]}`,
  '',
  '.',
  'delivery-1',
  null,
  7,
  [GOOD[0]],
];

/** Makes a metric, mostly a good one, with fields that the proxy must not send on. */
export function makeMetric(random: Random): Fields {
  const metric = random.pick(['opened', 'clicked']);
  return {
    type: 'metric',
    messageId: `metric-${random.below(random.chance(0.2) ? 10 : 1e12)}`,
    timestamp: '2026-01-02T03:04:05.006Z',
    handle: random.chance(0.75) ? random.pick(GOOD) : random.pick(BAD),
    metric: random.chance(0.95) ? metric : random.pick<unknown>(['converted', '', null, ['opened']]),
    ...(random.chance(0.4) && { action: random.pick(ACTIONS) }),
    ...(random.chance(0.3) && { userId: random.pick([MINE, 'u2', null]) }),
    ...(random.chance(0.3) && random.pick(EXTRAS)),
  };
}

const ACTIONS: readonly [unknown, ...unknown[]] = [
  { name: 'buy', value: 'https://a.example' },
  { name: 'buy' },
  { value: 'x', deliveryId: 'delivery-2', metric: 'converted', recipient: 'x' },
  {},
  { name: 7 },
  null,
  'buy',
];
const EXTRAS: readonly [Fields, ...Fields[]] = [
  { event: 'User Deleted' },
  { event: 'Report Delivery Event', properties: { deliveryId: 'delivery-2' } },
  { context: { ip: '6.6.6.6' }, integrations: { All: false } },
  { properties: { total: 1 }, traits: { plan: 'pro' } },
  { Type: 'track', Event: 'User Deleted' },
  { timestamp: 7 },
  { timestamp: undefined },
  { messageId: undefined },
  { messageId: 'x'.repeat(101) },
];

export const isMetric = (event: Fields): boolean => event['type'] === 'metric';

/**
 * The event that Customer.io must get for a metric, by a reader that is independent of the proxy's; `null`: none.
 *
 * @param subject of the verified token; `null` without one
 */
export function reportOf(fields: Readonly<Fields>, subject: string | null): Fields | null {
  const { handle, metric, action = {}, messageId, timestamp } = fields;
  const target = KNOWN.get(handle);
  if (!target || (metric !== 'opened' && metric !== 'clicked') || !isObject(action)) return null;
  const { name: actionName, value: actionValue } = action;
  if (![actionName, actionValue].every((text) => text === undefined || isText(text, 0, 4_000))) return null;
  if (messageId !== undefined && !isText(messageId, 1, 100)) return null;
  if (timestamp !== undefined && !(isText(timestamp, 12, 99) && Date.parse(timestamp) > 0)) return null;
  const { kind, id, ids } = target;
  if (kind === 'person' && subject !== null && id !== subject) return null;
  const [first, second] = ids;
  return {
    type: 'track',
    messageId,
    ...(kind === 'person' ? { userId: id } : { anonymousId: id }),
    ...(typeof first === 'string'
      ? { event: 'Report Delivery Event', properties: { deliveryId: first, metric, actionName, actionValue } }
      : {
          event: 'Report Content Event',
          properties: {
            actionType: metric === 'opened' ? 'viewed_content' : 'clicked_content',
            contentId: first,
            templateId: second,
            contentType: 'in_app_content',
            actionName,
            actionValue,
          },
        }),
  };
}

const isText = (value: unknown, least: number, most: number): value is string =>
  typeof value === 'string' && value.length >= least && value.length <= most;

export const isReport = ({ event }: Readonly<Fields>): boolean =>
  typeof event === 'string' && /^report (delivery|content) event$/i.test(event);

/** The event as a text that is the same for equal events, without the time, the IP address of the visitor, and an id that the proxy has made. */
export function reportKey({ context, messageId, ...event }: Readonly<Fields>): string {
  const ownContext = Object.keys(isObject(context) ? context : {}).filter((key) => key !== 'ip');
  const id = typeof messageId === 'string' && !/^[\da-f]{8}-/.test(messageId) ? messageId : null;
  const fields: unknown = JSON.parse(JSON.stringify({ ...event, id, ownContext, timestamp: undefined }));
  return JSON.stringify(fields, sortedKeys);
}

function sortedKeys(_key: string, value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
}
