import type { Clock } from '../browser.ts';
import type { MakeCall } from '../private/contract.ts';
import { retryAfterMs } from '../sender/retry-timing.ts';

/** The response to a call about messages. */
export interface MessageReply {
  readonly status: number;
  /** The wait that the proxy asks for. */
  readonly retryAfterMs: number | undefined;
  /** The JSON object of the response; empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Posts `fields` to a path of the proxy, as the person or as the anonymous visitor of this moment. Rejects where there is no response. */
export type MessageCall = (
  path: string,
  fields: Readonly<Record<string, unknown>>,
  isRead: boolean,
) => Promise<MessageReply>;

export interface MessageCallNeeds {
  readonly clock: Clock;
  readonly proxyUrl: string;
  readonly timeoutMs: number;
  /** Whether the calls of an anonymous visitor carry cookies, as those of a person do. */
  readonly credentials: RequestCredentials;
  /** Aborts the calls of an anonymous visitor. Those of a person end with the token. */
  readonly ending: AbortSignal;
  /** Makes a call with the customer token. */
  readonly make: MakeCall;
  request(url: string, init: RequestInit): Promise<Response>;
  /** The header with the client key. */
  keyHeader(): Readonly<Record<string, string>>;
  userId(): string | undefined;
  anonymousId(): string | undefined;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };

export function createMessageCall(needs: MessageCallNeeds): MessageCall {
  const { clock, ending } = needs;

  async function read(response: Response): Promise<MessageReply> {
    const body: unknown = await response.json().catch(() => undefined);
    return {
      status: response.status,
      retryAfterMs: retryAfterMs(response.headers, clock.now()),
      body: Object(body) as MessageReply['body'],
    };
  }

  async function callWithKey(path: string, init: RequestInit): Promise<MessageReply> {
    const control = new AbortController();
    const abort = (): void => control.abort();
    const stop = clock.after(needs.timeoutMs, abort);
    ending.addEventListener('abort', abort, { once: true });
    try {
      const headers = { ...JSON_TYPE, ...needs.keyHeader() };
      const options = {
        ...init,
        headers,
        signal: control.signal,
        credentials: needs.credentials,
        redirect: 'error',
      } as const;
      return await read(await needs.request(needs.proxyUrl + path, options));
    } finally {
      stop();
      ending.removeEventListener('abort', abort);
    }
  }

  return (path, fields, isRead) => {
    const userId = needs.userId();
    const init = {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ ...fields, ...(userId ? { userId } : { anonymousId: needs.anonymousId() }) }),
      // A write is completed even where the page is left.
      keepalive: !isRead,
    };
    return userId ? needs.make({ path, init, isRead }, read) : callWithKey(path, init);
  };
}
