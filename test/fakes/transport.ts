import type { Outcome } from '../../src/sdk/sender/outcome.ts';
import type { CredentialHeaders, SendOptions, Transport } from '../../src/sdk/sender/transport.ts';
import type { Clock } from '../../src/sdk/browser.ts';

export interface SentRequest {
  readonly ids: readonly string[];
  readonly jsons: readonly string[];
  readonly at: number;
  readonly leaving: boolean;
  /** What the request is called, where its answer is to be left for the next page. */
  readonly name: string | undefined;
  readonly follow: boolean;
  /** Instead of the client key. */
  readonly credentials: CredentialHeaders | undefined;
}

type Reply = Outcome | 'silence';
type Script = Reply | ((request: SentRequest, index: number) => Reply | Promise<Reply>);

/** Answers as it is told, and remembers what was asked. */
export interface FakeTransport extends Transport {
  readonly sent: readonly SentRequest[];
  /** Requests with events. */
  batches(): readonly (readonly string[])[];
  /** What all further requests are answered. */
  respond(script: Script): void;
  /** What the next requests are answered, one each; then what was told before. */
  respondOnce(...replies: readonly Reply[]): void;
  /** Answers what has been in flight in silence. */
  answerAll(outcome: Outcome): void;
  setRoom(bytes: number): void;
  /** Of a page that leaves. */
  setTakes(takes: (json: string) => boolean): void;
  readonly aborted: boolean;
  /** How often. */
  readonly hurried: number;
  /** Where requests go now; undefined: where they went at first. */
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
