import { CLIENT_KEY_HEADER, utf8 } from '../../protocol/wire.ts';
import { comeBackLater, refuse, refuseToken, type Refusal } from '../http/response.ts';
import { within } from '../lib/timeouts.ts';
import { NO_TOKENS } from '../tokens/lazy-verifier.ts';
import { describeOrigin } from '../http/cors.ts';
import type { IncomingRequest } from '../http/request.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** A client key with a name, or that only pages of some origins may use. */
export interface SiteKey {
  /** The client key, without colons. The key is not a secret: every visitor can read it. */
  readonly key: string;
  /**
   * The name of the key in the log (`ProxyLogEntry.clientKeyName`) and in the metrics (label `key`): 1 to 64 letters, digits, `.`, `_` or
   * `-`. Without a name, the log and the metrics do not show which key a request had.
   *
   * @default none
   * @example 'web'
   */
  readonly name?: string | undefined;
  /**
   * The origins whose pages may use the key, e.g. `https://shop.example.com`. Each must also be allowed by the option `origins`,
   * or be the proxy's own origin.
   *
   * @default every allowed origin
   */
  readonly origins?: readonly string[] | undefined;
}

/**
 * Decides whether a client key may be used. Only `true` lets the request through. If the function throws, or takes longer than
 * `timeoutMs`, the proxy responds 503, and browsers keep their events.
 *
 * @example
 * ```ts
 * const isKnown: KeyCheck = async (key, request) => sites.has(key) && request.headers.has('Origin');
 * ```
 */
export type KeyCheck = (key: string, request: Request) => boolean | Promise<boolean>;

/** A client key that may be used, and the customer token of the same request. */
export interface Credentials {
  readonly kind: 'known';
  readonly key: string;
  /** The name of the key, where it has one. */
  readonly name?: string;
  /** The token behind `Bearer`, not verified yet. `null`: the request has only a client key. */
  readonly token: string | null;
}

/**
 * Reads and checks the credentials of a request. `needs`: the credential without which the path refuses (401). The result is a
 * promise only if the check must wait.
 */
export type CredentialCheck = (
  incoming: IncomingRequest,
  needs?: 'client-key' | 'token',
) => Credentials | Refusal | Promise<Credentials | Refusal>;

/**
 * Makes the check of client keys. The key is in a header of its own, or in `Authorization` (Basic). With a customer token, which is
 * in `Authorization` (Bearer), the key must be in its own header. Other schemes in `Authorization` are ignored where the key is in
 * its own header: they belong to a server in front of the proxy. No response has `WWW-Authenticate: Basic`, because browsers would
 * show a login dialog.
 *
 * @param takesTokens whether customer tokens are configured; otherwise a request with one is refused
 * @param timeoutMs how long the function `clientKeys` may take; after that the check has failed (503)
 */
export function createCredentialCheck(
  clientKeys: readonly (string | SiteKey)[] | KeyCheck,
  takesTokens: boolean,
  timeoutMs: number,
): CredentialCheck {
  const judge: KeyJudge = typeof clientKeys === 'function' ? judgeBy(clientKeys) : createKeyList(clientKeys);
  const readUserId = createUserIdReader();

  return (incoming, needs = 'client-key') => {
    const { scheme, value } = authorizationOf(incoming);
    if (scheme === 'bearer' && !takesTokens) return NO_TOKENS;
    if (scheme !== 'bearer' && needs === 'token')
      return refuseToken('This call needs a customer token: Authorization must be Bearer.', 'missing');
    const key = readKeyHeader(incoming) ?? (scheme === 'basic' ? readUserId(value) : null);
    if (key === null) {
      const alternative = scheme === 'bearer' ? '' : ', or Authorization Basic with it';
      return refuse(401, 'invalid_client_key', `${CLIENT_KEY_HEADER} must be the client key${alternative}.`);
    }
    const token = scheme === 'bearer' ? value : null;
    let judgement: Judgement | PromiseLike<Judgement>;
    try {
      judgement = judge(key, incoming);
    } catch (cause) {
      return notChecked(cause);
    }
    if (!isThenable(judgement)) return credentialsOf(judgement, key, token, incoming);
    const pending = judgement;
    return within(timeoutMs, async () => pending).then(
      (settled) => credentialsOf(settled, key, token, incoming),
      notChecked,
    );
  };
}

/** Whether the value is a promise. `instanceof Promise` would miss promises of another realm, as under Jest, where `fetch` is from outside. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function credentialsOf(
  { verdict, name }: Judgement,
  key: string,
  token: string | null,
  incoming: IncomingRequest,
): Credentials | Refusal {
  if (verdict === 'known') return { kind: 'known', key, token, ...(name !== undefined && { name }) };
  if (verdict === 'of-another-origin')
    return refuse(403, 'origin_not_allowed', 'The client key is not for pages of this origin.', {
      detail: `${describeOrigin(incoming)} is not in "origins" of this client key.`,
    });
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

/**
 * Reads the key's own header. Header values are bytes, read as Latin-1: a key with characters outside ASCII was sent as UTF-8, or
 * by a browser as Latin-1.
 */
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

/** Remembers the user id of the last credentials: all visitors of a site send the same ones. */
function createUserIdReader(): typeof readUserId {
  let last = { credentials: '', userId: null as string | null };
  return (credentials) => {
    if (credentials !== last.credentials) last = { credentials, userId: readUserId(credentials) };
    return last.userId;
  };
}

/** The user id of Basic credentials, base64(utf8(user-id ':' password)) (RFC 7617); `null` where they cannot be decoded. */
function readUserId(credentials: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(credentials), (char) => char.charCodeAt(0));
    return strictUtf8.decode(bytes).split(':')[0] || null;
  } catch {
    return null;
  }
}

/** Whether a key may be used, and its name. */
interface Judgement {
  readonly verdict: 'known' | 'unknown' | 'of-another-origin';
  readonly name?: string | undefined;
}

type KeyJudge = (key: string, incoming: IncomingRequest) => Judgement | PromiseLike<Judgement>;

/** Judges keys by the function of the application. */
function judgeBy(check: KeyCheck): KeyJudge {
  // Only `true`, not every truthy value: a careless check may return an object for every key.
  const toJudgement = (found: unknown): Judgement => ({ verdict: found === true ? 'known' : 'unknown' });
  return (key, { request }) => {
    const found = check(key, request);
    return isThenable(found) ? found.then(toJudgement) : toJudgement(found);
  };
}

function createKeyList(list: readonly (string | SiteKey)[]): KeyJudge {
  const entries = list.map((entry): SiteKey => (typeof entry === 'string' ? { key: entry } : entry));
  const origins = entries.map((entry) => entry.origins && new Set(entry.origins));
  // The keys that were found in the list before, with their places. A lookup in a map takes a time that depends on the key, but
  // only keys of the list are in the map, and the response shows anyway that they are valid.
  const goodKeys = new Map<string, readonly number[]>();
  let digests: Promise<readonly Uint8Array[]> | undefined;

  async function placesOf(key: string): Promise<readonly number[]> {
    digests ??= Promise.all(entries.map(({ key }) => digest(key)));
    const received = await digest(key);
    const places: number[] = [];
    // Compared in constant time: digests have one length, and every byte of every key is compared. So the time of a response does
    // not show how much of a key was right.
    for (const [index, known] of (await digests).entries())
      if (sameBytes(known, received)) places.push(index);
    if (places.length > 0) goodKeys.set(key, places);
    return places;
  }

  function judge(places: readonly number[], headers: IncomingRequest['headers']): Judgement {
    // A request without `Origin` passes, as with the option `origins`: pages always send it, and other clients can claim any origin.
    const origin = headers.get('Origin');
    const fitting = places.find((place) => origin === null || (origins[place]?.has(origin) ?? true));
    if (fitting !== undefined) return { verdict: 'known', name: entries[fitting]?.name };
    return { verdict: places.length > 0 ? 'of-another-origin' : 'unknown' };
  }

  return (key, { headers }) => {
    const places = goodKeys.get(key);
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
