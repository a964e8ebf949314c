import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import { EVENT_TYPES } from '../../src/protocol/wire.ts';
import type { Body } from './body.ts';
import { LIMITS, type Plan } from './plan.ts';

/**
 * The verdict on a body, by a reader that is independent of the proxy's: its events, or the reason why the
 * whole body must be refused.
 */
export type Judgement =
  | { readonly kind: 'good'; readonly events: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'bad'; readonly why: string };

const PRIVILEGED =
  /^(user (deleted|suppressed|unsuppressed)|(object|relationship|device) deleted|device created or updated|report (delivery|content) event)$/;

const bad = (why: string): Judgement => ({ kind: 'bad', why });

export function judge({ bytes: sent, encoding, end }: Body): Judgement {
  if (end !== 'whole') return bad(`its end: ${end}`);
  if (sent.length > LIMITS.maxBodyBytes) return bad('too large');
  const coding = (encoding ?? '').toLowerCase();
  if (!['', 'identity', 'gzip', 'x-gzip'].includes(coding)) return bad('its coding');
  const bytes = coding.endsWith('gzip') ? unpacked(sent) : sent;
  if (bytes === null) return bad('no gzip, or too large');
  if (bytes.length > LIMITS.maxBodyBytes) return bad('too large');
  if (!isUtf8(bytes)) return bad('no UTF-8');
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString().replace(/^\ufeff/, ''));
  } catch {
    return bad('no JSON');
  }
  // The proxy accepts a depth of 100 in a field of an event; the rest is the depth of the batch around it. No
  // body of this test has a depth near the limit.
  if (levelsOf(bytes.toString()) > 104) return bad('nested deeply');
  if (isObject(body) && Object.keys(body).length > 50) return bad('too many fields');
  const batch = isObject(body) ? body['batch'] : undefined;
  if (!Array.isArray(batch)) return bad('no batch');
  if (batch.length > LIMITS.maxEvents) return bad('too many events');
  const why = batch.map(whyNotReceived).find((each) => each !== null);
  return why === undefined || why === null ? { kind: 'good', events: batch } : bad(why);
}

/** Returns why a received event refuses its whole batch. A metric is refused alone, except for its size. */
function whyNotReceived(event: unknown): string | null {
  if (!isObject(event) || event['type'] !== 'metric') return whyNot(event);
  return sizeProblem(event);
}

function sizeProblem(event: unknown): string | null {
  return Buffer.byteLength(JSON.stringify(event)) > LIMITS.maxEventBytes ? 'an event too large' : null;
}

/** Returns why an event must be refused in every batch; null: no reason. */
export function whyNot(event: unknown): string | null {
  if (!isObject(event)) return 'no event';
  const { type, event: name, messageId } = event;
  if (typeof messageId === 'string' && messageId.length > 100) return 'an id too long';
  if (!EVENT_TYPES.some((each) => each === type)) return 'an unknown type';
  if (type === 'track' || name !== undefined) {
    if (typeof name !== 'string') return 'a name that is no text';
    if (PRIVILEGED.test(name.trim().toLowerCase())) return 'a privileged event';
  }
  const twins = Object.keys(event).map((key) => key.toLowerCase());
  if (
    ['type', 'event', 'context'].some(
      (key) => twins.filter((each) => each === key).length > Number(key in event),
    )
  )
    return 'a field twice';
  return sizeProblem(event);
}

/**
 * Returns whether an event claims a person that its sender has not proven to be, or merges a person's
 * identity. No anonymous id in this test is random.
 */
export function isOfAnother(
  event: Readonly<Record<string, unknown>>,
  subject: string | null,
  tokens: Plan['tokens'],
): boolean {
  if (tokens === 'required' && event['type'] === 'group' && subject === null) return true;
  const fields = tokens === 'required' ? /^(userid|previousid)$/i : /^previousid$/i;
  return Object.entries(event).some(
    ([key, value]) => fields.test(key) && value !== null && value !== '' && value !== subject,
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the largest number of brackets and braces that are open at the same time, outside of strings. */
function levelsOf(json: string): number {
  let [levels, most] = [0, 0];
  for (const [sign] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (sign === '[' || sign === '{') levels += 1;
    else if (sign === ']' || sign === '}') levels -= 1;
    most = Math.max(most, levels);
  }
  return most;
}

function unpacked(bytes: Buffer): Buffer | null {
  try {
    return gunzipSync(bytes, { maxOutputLength: LIMITS.maxBodyBytes });
  } catch {
    return null;
  }
}
