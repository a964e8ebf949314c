import type { FetchLike, ProxyOptions } from '../../src/proxy.ts';
import type { Random } from '../fakes/random.ts';
import { goodAnswer } from './in-app.ts';
import { TIMEOUT_MS } from './plan.ts';

/** The name under which a batch is recorded that the `deliver` hook received. */
export const HOOK = 'hook:deliver';

/** One request of the proxy, and whether the proxy was told that its events were accepted. */
export interface Call {
  readonly url: string;
  readonly init: RequestInit;
  body: string;
  accepted: boolean;
}

/**
 * `strict`: accepts all events but those that are marked as poison. `mixed`: another mood for each request.
 */
const MOODS = [
  'good',
  'good',
  'good',
  'strict',
  'strict',
  'rejects',
  'echoes',
  'refuses',
  'missing',
  'too-large',
  'busy',
  'broken',
  'down',
  'redirects',
  'abroad',
  'hangs-up',
  'garbage',
  'mixed',
] as const;
/** Moods that use the whole timeout of a request. */
const SLOW_MOODS = ['slow', 'deaf'] as const;
export type Mood = (typeof MOODS)[number] | (typeof SLOW_MOODS)[number];

export function moodOf(random: Random): Mood {
  return random.chance(0.008) ? random.pick(SLOW_MOODS) : random.pick(MOODS);
}

/** Stands in for Customer.io, and behaves as its mood says. */
export function createUpstream(
  random: Random,
  { mayAskToWait }: { readonly mayAskToWait: boolean },
): {
  readonly fetch: FetchLike;
  /** Accepts what Customer.io would accept, and throws otherwise. */
  readonly deliver: NonNullable<ProxyOptions['deliver']>;
  /** Sets the mood from now on. Returns the list to which the calls are added. */
  begin(mood: Mood): readonly Call[];
} {
  let mood: Mood = 'good';
  let calls: Call[] = [];

  async function answer(call: Call, now: Mood): Promise<Response> {
    const { init, body } = call;
    const said = JSON.stringify({
      meta: { errors: [`you said ${JSON.stringify(init.headers)}`, body] },
    });
    const take = (body: BodyInit | null, status = 200): Response => {
      call.accepted = true;
      return new Response(body, { status });
    };
    const good = (): Response | null => (call.url === HOOK ? null : goodAnswer(call.url));
    switch (now) {
      case 'good':
        return good() ?? take('{}', random.pick([200, 201, 202]));
      case 'strict':
        if (good()) return answer(call, 'good');
        return body.includes('"poison"') ? new Response(said, { status: 400 }) : take('{}');
      case 'rejects':
        return new Response('{"meta":{"errors":["no"]}}', { status: random.pick([400, 422]) });
      case 'echoes':
        return new Response(said, { status: 400, headers: init.headers ?? {} });
      case 'refuses':
        return new Response(said, { status: random.pick([401, 403]) });
      case 'missing':
        return new Response(said, { status: random.pick([404, 405]) });
      case 'too-large':
        return new Response(said, { status: 413 });
      case 'busy':
        return new Response(said, {
          status: random.pick([429, 503]),
          headers: {
            'Retry-After': mayAskToWait
              ? '1'
              : random.pick(['0', 'soon', '-1', 'Fri, 31 Dec 1999 23:59:59 GMT']),
          },
        });
      case 'broken':
        return new Response(said, { status: random.pick([500, 501, 507]) });
      case 'down':
        return new Response(said, { status: random.pick([408, 502, 503, 504]) });
      case 'redirects':
        return random.chance(0.5)
          ? new Response(null, { status: random.pick([307, 308, 301, 302]), headers: { Location: '?again' } })
          : take('{}');
      case 'abroad':
        return new Response(null, {
          status: random.pick([301, 302, 307, 308, 303]),
          headers: {
            Location: random.pick([
              'https://evil.example/',
              'http://169.254.169.254/',
              'file:///',
              '//x',
              'https://u:p@eu.customer.io/',
            ]),
          },
        });
      case 'hangs-up':
        throw new TypeError('fetch failed');
      case 'slow':
        return new Promise((_, reject) => {
          const late = setTimeout(() => reject(new TypeError('too late')), 2 * TIMEOUT_MS);
          init.signal?.addEventListener('abort', () => {
            clearTimeout(late);
            reject(new DOMException('aborted', 'AbortError'));
          });
        });
      case 'deaf':
        // This mood ignores the abort signal, and accepts the batch after the proxy has stopped waiting.
        return new Promise((resolve) => setTimeout(() => resolve(take('{}')), 2 * TIMEOUT_MS));
      case 'garbage':
        return take(random.pick(['', '<html>', '{"meta":', '\u0000']));
      case 'mixed':
        return answer(call, moodOf(random));
    }
  }

  async function ask(url: string, init: RequestInit): Promise<Response> {
    init.signal?.throwIfAborted();
    const call: Call = { url, init, body: '', accepted: false };
    calls.push(call);
    call.body = await new Response(init.body ?? null).text();
    return answer(call, mood);
  }

  return {
    fetch: ask,
    async deliver(batch, { signal }) {
      const { ok, status } = await ask(HOOK, { body: JSON.stringify(batch), signal });
      if (!ok) throw new Error(`The queue says ${status}.`);
    },
    begin(next) {
      mood = next;
      return (calls = []);
    },
  };
}
