import type { Grant, TokenErrorCode, TokenCache } from '../auth/contract.ts';
import type { Clock } from '../browser.ts';
import { CLIENT_KEY_HEADER, inBytes } from '../../protocol/wire.ts';
import type { MakeCall, PrivateRequestInit } from './contract.ts';

export interface AuthorizedFetchNeeds {
  /** As resolved: without a slash at its end. */
  readonly proxyUrl: string;
  readonly clientKey: string;
  readonly timeoutMs: number;
  /** Whether requests carry the cookies of the proxy's origin. */
  readonly credentials: RequestCredentials;
  readonly clock: Clock;
  readonly token: Pick<
    TokenCache,
    'acquire' | 'accepted' | 'epoch' | 'forbidden' | 'rejected' | 'rejectedAgain' | 'serverTime'
  >;
  request(url: string, init: RequestInit): Promise<Response>;
  newId(): string;
  /** Another tab may have changed who it is. */
  reload(): void;
  /** The proxy does not know the client key. */
  onUnknownKey(): void;
  error(code: TokenErrorCode | 'invalid-options', message: string, extra?: { cause?: unknown }): Error;
}

export interface AuthorizedFetch {
  readonly make: MakeCall;
  /** The person has changed: reads that are under way are cut off. */
  cutOff(): void;
  /** The same, for good. */
  close(): void;
}

/** 401, of the token. */
const REFUSED = Symbol('refused');

/** Calls with the customer token, and never with less. */
export function createAuthorizedFetch(needs: AuthorizedFetchNeeds): AuthorizedFetch {
  const { clock, token, error } = needs;
  const reading = new Set<AbortController>();
  // A body may be read long after its answer came, and nothing tells when: until nobody can.
  const unread = new FinalizationRegistry((release: () => void) => release());
  let state: 'open' | 'closed' = 'open';

  const changed = (): Error => error('identity-changed', 'The person has changed since this call was made');

  function check(epoch: number): void {
    if (token.epoch() !== epoch) throw changed();
    if (state === 'closed') throw error('auth-disabled', 'The customer token has been closed');
  }

  async function send<T>(
    { path, init, isRead }: PrivateRequestInit,
    headers: Headers,
    { token: jwt, epoch }: Grant,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    headers.set('Authorization', `Bearer ${jwt}`);
    headers.set(CLIENT_KEY_HEADER, inBytes(needs.clientKey));
    const { signal } = init;
    const control = new AbortController();
    let late: DOMException | undefined;
    const stop = clock.after(needs.timeoutMs, () => {
      late = new DOMException('', 'TimeoutError');
      control.abort(late);
    });
    const giveUp = (): void => control.abort(signal?.reason);
    const release = (): void => {
      signal?.removeEventListener('abort', giveUp);
      reading.delete(control);
    };
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp);
    if (isRead) reading.add(control);
    const sentMs = clock.now();
    try {
      const response = await needs.request(addressOf(path), {
        ...init,
        headers,
        signal: control.signal,
        credentials: needs.credentials,
        // Nothing answers a POST from a cache, and with "no-store" Chromium asks for a preflight each time.
        cache: init.method === 'POST' ? 'default' : 'no-store',
        redirect: 'error',
      });
      unread.register(response, release);
      const serverMs = Date.parse(response.headers.get('Date') ?? '');
      if (serverMs > 0) token.serverTime({ serverMs, sentMs, receivedMs: clock.now() });
      const answer = await read(response);
      if (response.bodyUsed) release();
      return answer;
    } catch (cause) {
      release();
      if (isRead) check(epoch);
      if (token.epoch() !== epoch) throw changed();
      // Old browsers know no other reason than that it was aborted.
      throw late ?? cause;
    } finally {
      stop();
    }
  }

  function addressOf(path: unknown): string {
    if (typeof path === 'string' && path.startsWith('/')) {
      const { href } = new URL(needs.proxyUrl + path);
      // "/../" would carry the token to somebody else, and "//host" is meant to.
      if (href.startsWith(`${needs.proxyUrl}/`) && !href.startsWith(`${needs.proxyUrl}//`)) return href;
    }
    throw error(
      'invalid-options',
      `"path" must be a path below proxyUrl, like "/v1/x", got "${String(path)}"`,
    );
  }

  async function make<T>(call: PrivateRequestInit, read: (response: Response) => T | Promise<T>): Promise<T> {
    addressOf(call.path);
    const { path, init, isRead } = call;
    const signal = init.signal ?? undefined;
    const headers = new Headers(init.headers);
    // A write that is repeated after a 401 must be known for the same.
    if (!isRead && !headers.has('Idempotency-Key')) headers.set('Idempotency-Key', needs.newId());
    const before = token.epoch();
    check(before);
    needs.reload();
    // It was meant for the person whom this tab knew of.
    check(before);
    let grant = await token.acquire(signal);
    for (let tries = 1; ; tries++) {
      // The token may have taken its time.
      needs.reload();
      check(grant.epoch);
      const current = grant;
      const answer = await send(call, headers, current, (response) => judge(response, current, path, read));
      if (token.epoch() !== grant.epoch) throw changed();
      if (answer !== REFUSED) return answer;
      // A stream can be read once.
      if (tries > 1 || init.body instanceof ReadableStream) return token.rejectedAgain(grant, path);
      grant = await token.rejected(grant, path, signal);
    }
  }

  /** What is wanted of the answer, unless it is that the token is not good enough. */
  async function judge<T>(
    response: Response,
    grant: Grant,
    path: string,
    read: (response: Response) => T | Promise<T>,
  ): Promise<T | typeof REFUSED> {
    if (response.ok) token.accepted(grant);
    if (response.status !== 401 && response.status !== 403) return read(response);
    const said = await codeIn(response);
    if (said === 'invalid_client_key' || said === 'origin_not_allowed') {
      needs.onUnknownKey();
      return read(response);
    }
    if (response.status === 401) return REFUSED;
    if (said === 'subject_mismatch') return token.forbidden(grant, said, path);
    if (said === 'insufficient_scope') return token.forbidden(grant, 'insufficient', path);
    return read(response);
  }

  function cutOff(): void {
    for (const control of reading) control.abort();
    reading.clear();
  }

  return {
    make,
    cutOff,
    close() {
      state = 'closed';
      cutOff();
    },
  };
}

/** What our proxy says in `error`; the answer stays readable. */
async function codeIn(response: Response): Promise<unknown> {
  try {
    const said: unknown = await response.clone().json();
    return (said as { readonly error?: unknown } | null)?.error;
  } catch {
    return undefined;
  }
}
