import { CLIENT_KEY_HEADER, utf8 } from '../../protocol/wire.ts';
import { comeBackLater, refuse, refuseToken, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { NO_TOKENS } from '../tokens/lazy-verifier.ts';
import type { IncomingRequest } from '../http/request.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** A client key that only pages of some origins may use. */
export interface SiteKey {
  readonly key: string;
  /** Of these alone, e.g. `https://shop.example.com`. They have to be allowed by `origins` too, or be the proxy's own. */
  readonly origins: readonly string[];
}

/** Says whether a client key may be used. */
export type KeyCheck = (key: string, request: Request) => boolean | Promise<boolean>;

/** A client key that may be used, and the customer token that came with it. */
export interface Credentials {
  readonly kind: 'known';
  readonly key: string;
  /** What stood behind `Bearer`, not verified. `null`: only a client key came, as Basic. */
  readonly token: string | null;
}

/** `needs`: what the path cannot do without. Returns no promise where there is nothing to wait for. */
export type CredentialCheck = (
  incoming: IncomingRequest,
  needs?: 'client-key' | 'token',
) => Credentials | Refusal | Promise<Credentials | Refusal>;

/**
 * Reads and judges the client key. It has a header of its own, or is in `Authorization` (Basic); a customer token (Bearer) needs the
 * first. What else there is in `Authorization` then is the affair of something in front of the proxy. Never answers
 * `WWW-Authenticate: Basic`: browsers would prompt.
 *
 * @param timeoutMs how long a function may take to judge a key; then it counts as failed
 */
export function createCredentialCheck(
  clientKeys: readonly (string | SiteKey)[] | KeyCheck,
  takesTokens: boolean,
  timeoutMs: number,
): CredentialCheck {
  const judge: KeyJudge =
    typeof clientKeys === 'function'
      ? (key, { request }) => clientKeys(key, request)
      : createKeyList(clientKeys);
  const readUserId = createUserIdReader();

  return (incoming, needs = 'client-key') => {
    const { scheme, value } = authorizationOf(incoming);
    if (scheme === 'bearer' && !takesTokens) return NO_TOKENS;
    if (scheme !== 'bearer' && needs === 'token')
      return refuseToken('This needs a customer token: Authorization must be Bearer.', 'missing');
    const key = readKeyHeader(incoming) ?? (scheme === 'basic' ? readUserId(value) : null);
    if (key === null) {
      const other = scheme === 'bearer' ? '' : ', or Authorization Basic with it';
      return refuse(401, 'invalid_client_key', `${CLIENT_KEY_HEADER} must be the client key${other}.`);
    }
    const token = scheme === 'bearer' ? value : null;
    let verdict: unknown;
    try {
      verdict = judge(key, incoming);
    } catch (cause) {
      return notChecked(cause);
    }
    if (!isThenable(verdict)) return credentialsOf(verdict, key, token);
    const waiting = verdict;
    return within(timeoutMs, async () => waiting).then((each) => credentialsOf(each, key, token), notChecked);
  };
}

/** Also a promise of another realm, as under Jest, where `fetch` comes from outside. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function credentialsOf(verdict: unknown, key: string, token: string | null): Credentials | Refusal {
  // Not merely truthy: a check written without care must not let everybody in.
  if (verdict === true) return { kind: 'known', key, token };
  if (verdict === 'of-another-origin')
    return refuse(403, 'origin_not_allowed', 'The client key is not for pages of this origin.');
  return refuse(401, 'invalid_client_key', 'This proxy does not know the client key.');
}

function notChecked(cause: unknown): Refusal {
  const message = 'The client key could not be checked now.';
  return comeBackLater('key_check_failed', message, { detail: String(cause) });
}

function authorizationOf({ headers }: IncomingRequest): { readonly scheme: string; readonly value: string } {
  const text = (headers.get('Authorization') ?? '').trim();
  if (text.startsWith('Basic ')) return { scheme: 'basic', value: text.slice('Basic '.length).trim() };
  const [, scheme = '', value = ''] = /^(\S*)\s*(.*)$/.exec(text) ?? [];
  return { scheme: scheme.toLowerCase(), value };
}

/** Headers carry bytes: a key beyond ASCII comes as UTF-8, or in the browser's Latin-1. */
function readKeyHeader({ headers }: IncomingRequest): string | null {
  const text = headers.get(CLIENT_KEY_HEADER) || null;
  if (text === null) return null;
  try {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    return strictUtf8.decode(bytes) || null;
  } catch {
    return text;
  }
}

/** All visitors of a site send the same: what was read last is mostly what comes next. */
function createUserIdReader(): typeof readUserId {
  let last = { credentials: '', userId: null as string | null };
  return (credentials) => {
    if (credentials !== last.credentials) last = { credentials, userId: readUserId(credentials) };
    return last.userId;
  };
}

/** The part before the colon, of base64(utf8(user-id ':' password)). RFC 7617. */
function readUserId(credentials: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(credentials), (char) => char.charCodeAt(0));
    return strictUtf8.decode(bytes).split(':')[0] || null;
  } catch {
    return null;
  }
}

type KeyJudge = (key: string, incoming: IncomingRequest) => unknown;

function createKeyList(list: readonly (string | SiteKey)[]): KeyJudge {
  const entries = list.map((entry) => (typeof entry === 'string' ? { key: entry } : entry));
  const keys = entries.map(({ key }) => key);
  const origins = entries.map((entry) => ('origins' in entry ? new Set(entry.origins) : null));
  // Found good before, and where in the list. To look a key up says no more of the others than the answer does.
  const good = new Map<string, readonly number[]>();
  let digests: Promise<readonly Uint8Array[]> | undefined;

  async function placesOf(key: string): Promise<readonly number[]> {
    digests ??= Promise.all(keys.map(digest));
    const given = await digest(key);
    const places: number[] = [];
    // Digests have one length, and every byte of every key is looked at: time tells nothing about a near miss.
    for (const [index, known] of (await digests).entries()) if (sameBytes(known, given)) places.push(index);
    if (places.length > 0) good.set(key, places);
    return places;
  }

  function judge(
    places: readonly number[],
    headers: IncomingRequest['headers'],
  ): boolean | 'of-another-origin' {
    // As for `origins`: without the header no page sends, and whoever sends can claim any.
    const origin = headers.get('Origin');
    const fits = places.some((place) => {
      const allowed = origins[place] ?? null;
      return allowed === null || origin === null || allowed.has(origin);
    });
    return fits || (places.length > 0 && 'of-another-origin');
  }

  return (key, { headers }) => {
    const places = good.get(key);
    return places ? judge(places, headers) : placesOf(key).then((found) => judge(found, headers));
  };
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', utf8.encode(text)));
}

function sameBytes(left: Uint8Array, right: Uint8Array): 0 | 1 {
  let difference = left.length ^ right.length;
  left.forEach((byte, index) => (difference |= byte ^ (right[index] ?? 0)));
  return difference === 0 ? 1 : 0;
}
