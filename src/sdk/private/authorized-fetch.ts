import type { Grant, TokenErrorCode, TokenCache } from '../auth/contract.ts';
import type { Clock } from '../browser.ts';
import { CLIENT_KEY_HEADER, type ErrorBody, inBytes, type TokenRejection } from '../../protocol/wire.ts';
import type { MakeCall, PrivateRequestInit } from './contract.ts';

export interface AuthorizedFetchNeeds {
  /** The absolute URL of the proxy, without a slash at its end. */
  readonly proxyUrl: string;
  readonly clientKey: string;
  /** The longest time for one request, in milliseconds. */
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
  /** Reads the identity from the storage again: another tab may have changed it. */
  reload(): void;
  /** Called when the proxy refuses the client key or the origin. */
  onUnknownKey(): void;
  error(code: TokenErrorCode | 'invalid-options', message: string, extra?: { cause?: unknown }): Error;
}

export interface AuthorizedFetch {
  readonly make: MakeCall;
  /** To be called when the person has changed: aborts the reads that are in progress. Writes are not aborted. */
  cutOff(): void;
  /** Aborts the reads in progress, and refuses all later calls (`auth-disabled`). */
  close(): void;
}

/** The result of a call: what the caller has read, or the proxy's 401 because of the token. */
type Answer<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'refused'; readonly reason?: TokenRejection };

/** Makes private calls with the customer token. A call without a token is never sent. */
export function createAuthorizedFetch(needs: AuthorizedFetchNeeds): AuthorizedFetch {
  const { clock, token, error } = needs;
  const readsInProgress = new Set<AbortController>();
  // The application may read a body long after the response has arrived, and no event reports that. So `release` runs when the
  // Response is garbage-collected: the body can no longer be read then.
  const unread = new FinalizationRegistry((release: () => void) => release());
  let state: 'open' | 'closed' = 'open';

  const changed = (): Error => error('identity-changed', 'The person has changed since this call was made');

  function check(epoch: number): void {
    if (token.epoch() !== epoch) throw changed();
    if (state === 'closed') throw error('auth-disabled', 'The SDK is closed, or consent was withdrawn');
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
    const controller = new AbortController();
    let timeoutError: DOMException | undefined;
    const stop = clock.after(needs.timeoutMs, () => {
      timeoutError = new DOMException(`There was no response within ${needs.timeoutMs} ms`, 'TimeoutError');
      controller.abort(timeoutError);
    });
    const cancel = (): void => controller.abort(signal?.reason);
    const release = (): void => {
      signal?.removeEventListener('abort', cancel);
      readsInProgress.delete(controller);
    };
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel);
    if (isRead) readsInProgress.add(controller);
    const sentMs = clock.now();
    try {
      const response = await needs.request(urlOf(path), {
        ...init,
        headers,
        signal: controller.signal,
        credentials: needs.credentials,
        // No cache responds to a POST, and with "no-store" Chromium sends a preflight request each time.
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
      // Browsers without `AbortSignal.reason` reject with an `AbortError` only.
      throw timeoutError ?? cause;
    } finally {
      stop();
    }
  }

  function urlOf(path: unknown): string {
    if (typeof path === 'string' && path.startsWith('/')) {
      const { href } = new URL(needs.proxyUrl + path);
      // "/../" and "//host" would send the token to another path or another host.
      if (href.startsWith(`${needs.proxyUrl}/`) && !href.startsWith(`${needs.proxyUrl}//`)) return href;
    }
    throw error(
      'invalid-options',
      `"path" must be a path below proxyUrl, like "/v1/x", got "${String(path)}"`,
    );
  }

  async function make<T>(call: PrivateRequestInit, read: (response: Response) => T | Promise<T>): Promise<T> {
    urlOf(call.path);
    const { path, init, isRead } = call;
    const signal = init.signal ?? undefined;
    const headers = new Headers(init.headers);
    // The server recognises by this header that the repetition after a 401 is the same write.
    if (!isRead && !headers.has('Idempotency-Key')) headers.set('Idempotency-Key', needs.newId());
    const before = token.epoch();
    check(before);
    needs.reload();
    // Another tab has changed the identity: this call was made for the person before.
    check(before);
    let grant = await token.acquire(signal);
    for (let tries = 1; ; tries++) {
      // The identity may have changed in another tab while this call waited for the token.
      needs.reload();
      check(grant.epoch);
      const current = grant;
      const answer = await send(call, headers, current, (response) =>
        readAnswer(response, current, path, read),
      );
      if (token.epoch() !== grant.epoch) throw changed();
      if (answer.kind === 'read') return answer.value;
      const { reason } = answer;
      // A stream can be read only once, so the call cannot be repeated.
      if (tries > 1 || init.body instanceof ReadableStream) return token.rejectedAgain(grant, path, reason);
      grant = await token.rejected(grant, path, signal, reason);
    }
  }

  /**
   * Reads the response with `read`, except for a 401 about the token.
   * @throws `forbidden` for a 403 about the token
   */
  async function readAnswer<T>(
    response: Response,
    grant: Grant,
    path: string,
    read: (response: Response) => T | Promise<T>,
  ): Promise<Answer<T>> {
    const { ok, status } = response;
    if (ok) token.accepted(grant);
    if (status === 401 || status === 403) {
      const { error: code, reason = '' } = await errorOf(response);
      if (code === 'invalid_client_key' || code === 'origin_not_allowed') needs.onUnknownKey();
      else if (status === 401)
        return { kind: 'refused', ...(/^\w{1,20}$/.test(reason) && { reason: reason as TokenRejection }) };
      else if (code === 'subject_mismatch') return token.forbidden(grant, code, path);
      else if (code === 'insufficient_scope') return token.forbidden(grant, 'insufficient', path);
    }
    return { kind: 'read', value: await read(response) };
  }

  function cutOff(): void {
    for (const controller of readsInProgress) controller.abort();
    readsInProgress.clear();
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

/** The body of a response of our proxy; empty for another response. Reads a copy, so that the body stays readable. */
async function errorOf(response: Response): Promise<{ readonly [Field in 'error' | 'reason']?: string }> {
  try {
    return Object(await response.clone().json()) as Partial<ErrorBody>;
  } catch {
    return {};
  }
}
