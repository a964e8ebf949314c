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

/** Private calls with the real token machine, and answers as the test gives them. */
export interface CallsPage extends TokenPage {
  readonly calls: AuthorizedFetch;
  readonly sent: Sent[];
  readonly counts: { unknownKey: number };
  /** Makes a call of which the Response itself is wanted. */
  call(path?: unknown, init?: RequestInit, isRead?: boolean): Promise<Response>;
  /** What each request is answered; undefined leaves it to the test. */
  answer(script: (sent: Sent) => Response | Error | undefined): void;
  /** What reading the identity again finds out. */
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
    token: page.machine,
    request(url, init) {
      const answer = deferred<Response>();
      // As the browser does it: an abort ends the wait for the answer.
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
    page.machine.close();
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
