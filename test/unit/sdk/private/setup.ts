import { onTestFinished } from 'vitest';
import type { TokenErrorCode } from '../../../../src/sdk/auth/contract.ts';
import { type AuthorizedFetch, createAuthorizedFetch } from '../../../../src/sdk/private/authorized-fetch.ts';
import type { Deferred } from '../auth/token-page.ts';
import { deferred, TokenError, type TokenPage, tokenPage, type PageSetup } from '../auth/token-page.ts';

export interface Sent {
  readonly url: string;
  readonly init: RequestInit;
  readonly headers: Headers;
  readonly answer: Deferred<Response>;
}

/** Private calls with the real token cache, and with answers of the test. */
export interface CallsPage extends TokenPage {
  readonly calls: AuthorizedFetch;
  readonly sent: Sent[];
  readonly counts: { unknownKey: number };
  /** Makes a call that returns the Response itself. */
  call(path?: unknown, init?: RequestInit, isRead?: boolean): Promise<Response>;
  /** Sets the answer to each request. undefined: the test resolves `sent[i].answer` itself. */
  answer(script: (sent: Sent) => Response | Error | undefined): void;
  /** Sets the function that runs when the identity is read again. */
  onReload(run: () => void): void;
}

export const PROXY = 'https://events.example.com/e';

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

export const refused = (): Response => json({ error: 'invalid_token', reason: 'expired' }, 401);

export function callsPage(
  setup: PageSetup & { readonly proxyUrl?: string; readonly credentials?: RequestCredentials } = {},
): CallsPage {
  const page = tokenPage(setup);
  const sent: Sent[] = [];
  const counts = { unknownKey: 0 };
  let ids = 0;
  let script: (sent: Sent) => Response | Error | undefined = () => json({});
  let reload = (): void => undefined;
  const calls = createAuthorizedFetch({
    proxyUrl: setup.proxyUrl ?? PROXY,
    clientKey: 'web',
    timeoutMs: 15_000,
    credentials: setup.credentials ?? 'omit',
    clock: page.clock,
    token: page.tokenCache,
    request(url, init) {
      const answer = deferred<Response>();
      // An abort rejects the request, as in a browser.
      const { signal } = init;
      const stop = (): void => answer.reject(signal?.reason);
      if (signal?.aborted) stop();
      signal?.addEventListener('abort', stop);
      const entry = { url, init, headers: new Headers(init.headers), answer };
      sent.push(entry);
      const given = signal?.aborted ? undefined : script(entry);
      if (given instanceof Error) answer.reject(given);
      else if (given) answer.resolve(given);
      return answer.promise;
    },
    newId: () => `id-${++ids}`,
    reload: () => reload(),
    onUnknownKey: () => void counts.unknownKey++,
    error: (code, message, extra) => new TokenError(code as TokenErrorCode, message, extra),
  });
  onTestFinished(() => {
    calls.close();
    page.tokenCache.close();
  });
  return {
    ...page,
    calls,
    sent,
    counts,
    call: (path = '/v1/x', init = {}, isRead = /^(get|head)$/i.test(init.method ?? 'GET')) =>
      calls.make({ path: path as string, init, isRead }, (response) => response),
    answer: (next) => void (script = next),
    onReload: (run) => void (reload = run),
  };
}
