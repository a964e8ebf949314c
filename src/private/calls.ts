import type { Grant, TokenErrorCode, TokenMachine } from '../auth/token-contract.ts';
import type { Clock } from '../browser.ts';
import { CLIENT_KEY_HEADER } from '../wire.ts';
import type { MakeCall, PrivateCall } from './contract.ts';

export interface CallsNeeds {
  /** As resolved: without a slash at its end. */
  readonly proxyUrl: string;
  readonly clientKey: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly token: Pick<
    TokenMachine,
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

export interface Calls {
  readonly make: MakeCall;
  /** The person has changed: reads that are under way are cut off. */
  cutOff(): void;
}

/** Calls with the customer token, and never with less. */
export function createCalls(needs: CallsNeeds): Calls {
  const { clock, token, error } = needs;
  const reading = new Set<AbortController>();

  const changed = (): Error => error('identity-changed', 'The person has changed since this call was made');

  async function send(
    { path, init, isRead }: PrivateCall,
    headers: Headers,
    { token: jwt, epoch }: Grant,
  ): Promise<Response> {
    headers.set('Authorization', `Bearer ${jwt}`);
    headers.set(CLIENT_KEY_HEADER, needs.clientKey);
    const control = new AbortController();
    const stop = clock.after(needs.timeoutMs, () => control.abort(new DOMException('', 'TimeoutError')));
    const giveUp = (): void => control.abort(init.signal?.reason);
    if (init.signal?.aborted) giveUp();
    init.signal?.addEventListener('abort', giveUp);
    if (isRead) reading.add(control);
    const sentMs = clock.now();
    try {
      const response = await needs.request(addressOf(path), {
        ...init,
        headers,
        signal: control.signal,
        credentials: 'omit',
        // Nothing answers a POST from a cache, and with "no-store" Chromium asks for a preflight each time.
        cache: init.method === 'POST' ? 'default' : 'no-store',
        redirect: 'error',
      });
      const serverMs = Date.parse(response.headers.get('Date') ?? '');
      if (serverMs > 0) token.serverTime({ serverMs, sentMs, receivedMs: clock.now() });
      return response;
    } catch (cause) {
      if (token.epoch() !== epoch) throw changed();
      throw cause;
    } finally {
      stop();
      init.signal?.removeEventListener('abort', giveUp);
      reading.delete(control);
    }
  }

  function addressOf(path: string): string {
    const url = new URL(needs.proxyUrl + path);
    // "/../" or "//host" would carry the token to somebody else.
    const isBelow = url.href.startsWith(`${needs.proxyUrl}/`) && path.startsWith('/');
    if (!isBelow)
      throw error('invalid-options', `"path" must be a path below proxyUrl, like "/v1/x", got "${path}"`);
    return url.href;
  }

  async function make(call: PrivateCall): Promise<Response> {
    addressOf(call.path);
    const asked = token.epoch();
    needs.reload();
    // Another tab has signed somebody else in: what this page asks was meant for whom it shows.
    if (token.epoch() !== asked) throw changed();
    const { path, init, isRead } = call;
    const headers = new Headers(init.headers);
    // A write that is repeated after a 401 must be known for the same.
    if (!isRead && !headers.has('Idempotency-Key')) headers.set('Idempotency-Key', needs.newId());
    let grant = await token.acquire(init.signal ?? undefined);
    for (let tries = 1; ; tries++) {
      const response = await send(call, headers, grant);
      if (token.epoch() !== grant.epoch) throw changed();
      if (response.status !== 401 && response.status !== 403) {
        if (response.ok) token.accepted(grant);
        return response;
      }
      const said = await codeIn(response);
      if (said === 'invalid_client_key' || said === 'origin_not_allowed') {
        needs.onUnknownKey();
        return response;
      }
      if (response.status === 403) {
        if (said === 'subject_mismatch') return token.forbidden(grant, said, path);
        if (said === 'insufficient_scope') return token.forbidden(grant, 'insufficient', path);
        return response;
      }
      // A stream can be read once.
      if (tries > 1 || init.body instanceof ReadableStream) return token.rejectedAgain(grant, path);
      grant = await token.rejected(grant, path);
    }
  }

  return {
    make,
    cutOff() {
      for (const control of reading) control.abort();
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
