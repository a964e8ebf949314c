import type { Outcome } from '../../src/sdk/sender/outcome.ts';
import type { CredentialHeaders, SendOptions, Transport } from '../../src/sdk/sender/transport.ts';
import type { Clock } from '../../src/sdk/browser.ts';

export interface SentRequest {
  readonly ids: readonly string[];
  readonly jsons: readonly string[];
  readonly at: number;
  readonly leaving: boolean;
  /**
   * The request's name for `X-CIO-Ack`: the proxy returns the name in a cookie, which the next page reads.
   */
  readonly name: string | undefined;
  readonly follow: boolean;
  /** Credentials that the request uses instead of the client key. */
  readonly credentials: CredentialHeaders | undefined;
}

type Reply = Outcome | 'silence';
type Script = Reply | ((request: SentRequest, index: number) => Reply | Promise<Reply>);

/** A transport that returns scripted outcomes, and records the requests. */
export interface FakeTransport extends Transport {
  readonly sent: readonly SentRequest[];
  /** The event ids of every request that has events. */
  batches(): readonly (readonly string[])[];
  /** Sets the outcome of all further requests. */
  respond(script: Script): void;
  /** Sets the outcomes of the next requests, one each. Later requests get the outcome of `respond` again. */
  respondOnce(...replies: readonly Reply[]): void;
  /** Ends all requests whose outcome was `silence` with this outcome. */
  answerAll(outcome: Outcome): void;
  setRoom(bytes: number): void;
  /** Decides which events the last request of a leaving page may carry. */
  setTakes(takes: (json: string) => boolean): void;
  readonly aborted: boolean;
  /** The number of calls of `hurry`. */
  readonly hurried: number;
  /** The URL that requests go to now; undefined: the first URL. */
  readonly target: string | undefined;
}

export const DELIVERED: Outcome = { kind: 'delivered' };
export const CUT_OFF: Outcome = { kind: 'unanswered', status: 0 };
export const busy = (status = 503, afterMs?: number): Outcome => ({
  kind: 'busy',
  status,
  ...(afterMs === undefined ? {} : { afterMs }),
});
export const rejected = (status = 400, body = ''): Outcome => ({ kind: 'rejected', status, body });
export const webPage = (body = '<!DOCTYPE html>', status = 200): Outcome => ({
  kind: 'foreign',
  status,
  body,
});
export const REDIRECT: Outcome = { kind: 'foreign', status: 0, body: '' };

export function fakeTransport(clock: Clock): FakeTransport {
  const sent: SentRequest[] = [];
  const queue: Reply[] = [];
  const open = new Set<(outcome: Outcome) => void>();
  let script: Script = DELIVERED;
  let room = 63 * 1024;
  let aborted = false;
  let hurried = 0;
  let target: string | undefined;
  let takes = (_json: string): boolean => true;
  return {
    sent,
    batches: () => sent.map(({ ids }) => ids).filter(({ length }) => length),
    respond: (next) => void (script = next),
    respondOnce: (...replies) => void queue.push(...replies),
    answerAll(outcome) {
      for (const answer of open) answer(outcome);
      open.clear();
    },
    setRoom: (bytes) => void (room = bytes),
    setTakes: (chosen) => void (takes = chosen),
    get aborted() {
      return aborted;
    },
    get hurried() {
      return hurried;
    },
    async send(jsons, { leaving = false, ack, credentials, follow = false }: SendOptions = {}) {
      const ids = jsons.map((json) => String((JSON.parse(json) as { messageId: unknown }).messageId));
      const request = {
        ids,
        jsons,
        at: clock.now(),
        leaving,
        name: ack?.(leaving) || undefined,
        follow,
        credentials,
      };
      sent.push(request);
      const reply =
        queue.shift() ?? (typeof script === 'function' ? await script(request, sent.length - 1) : script);
      if (reply !== 'silence') return reply;
      return new Promise((resolve) => void open.add(resolve));
    },
    takes: (json) => takes(json),
    keepaliveRoom: () => room,
    get target() {
      return target;
    },
    sendTo: (url) => void (target = url),
    hurry: () => void hurried++,
    abort() {
      aborted = true;
      for (const answer of open) answer({ kind: 'aborted' });
      open.clear();
    },
  };
}
