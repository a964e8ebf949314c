import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TokenEvent } from '../../../../src/sdk/auth/contract.ts';
import type { CustomerToken } from '../../../../src/sdk/auth/customer-token-options.ts';
import { SdkError } from '../../../../src/protocol/errors.ts';
import {
  create as createPrivateClient,
  type PrivateClient,
  type PrivateMethods,
} from '../../../../src/sdk/private/private-client.ts';
import { settled } from '../../../fakes/clock.ts';

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

interface ClientPage {
  readonly client: PrivateClient;
  readonly sent: Sent[];
  readonly tokens: TokenEvent[];
  readonly failures: unknown[][];
  readonly closing: AbortController;
  /** Calls a method as the lazy private client does. */
  ask(name: keyof PrivateMethods, ...args: readonly unknown[]): Promise<unknown>;
  become(userId: string | null): void;
  choose(categories: Readonly<Record<string, boolean>>): void;
  epoch(): number;
}

type Answer = (sent: Sent) => Response | Promise<Response>;

function clientPage(
  answer: Answer,
  customerToken: CustomerToken | undefined = ({ userId }) => `token-of-${userId}`,
  closing = new AbortController(),
): ClientPage {
  const sent: Sent[] = [];
  const tokens: TokenEvent[] = [];
  const failures: unknown[][] = [];
  let epoch = 0;
  let categories: Readonly<Record<string, boolean>> = {};
  let userId: string | null = 'ann';
  let anonymousId = 'a0';
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const each = { url, init };
    sent.push(each);
    return answer(each);
  });
  const user = { id: () => userId, anonymousId: () => anonymousId };
  const client = createPrivateClient({
    settings: {
      proxyUrl: 'https://events.example.com',
      inApp: undefined,
      clientKey: 'web',
      customerToken,
      delivery: {
        maxBatchEvents: 1,
        maxBatchBytes: 1,
        flushIntervalMs: 1,
        requestTimeoutMs: 15_000,
        compression: 'off',
        authorization: 'client-key',
        clientKeyHeader: 'Authorization',
        credentials: 'omit',
      },
    },
    ending: closing.signal,
    // The members of the visitor that the private client uses.
    visitor: { user, reload: () => undefined },
    categories: () => categories,
    epoch: () => epoch,
    scope: 'cio-first-party:client-key',
    newCall: () => ({ id: 'e1', snapshot: { at: 0 } as never }),
    keep: () => undefined,
    wrapped: { pluginInstance: { track: () => Promise.reject(new Error('no call')) } },
    emit(name, event) {
      if (name === 'token') tokens.push(event as TokenEvent);
    },
    fail: (...given) => void failures.push(given),
    SdkError,
  });
  onTestFinished(() => {
    closing.abort();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });
  return {
    client,
    sent,
    tokens,
    failures,
    closing,
    ask: async (name, ...args) => client.ask(epoch, name, args),
    become(next) {
      epoch++;
      userId = next;
      anonymousId = `a${epoch}`;
      client.identity({ userId, anonymousId });
    },
    epoch: () => epoch,
    choose: (next) => void (categories = next),
  };
}

const json = (body: unknown, status = 200): Response =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });

const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (cause: unknown) => cause,
  );

describe('a visitor who wants no messages', () => {
  test('has no private call made, until they want them', async () => {
    const { ask, sent, choose } = clientPage(() => json({ messages: [] }));
    choose({ messaging: false });
    for (const call of [ask('messages'), ask('attributes'), ask('fetch', '/v1/x')])
      expect(await errorOf(call)).toMatchObject({ code: 'auth-disabled' });
    expect(sent).toEqual([]);
    choose({ messaging: true });
    expect(await ask('messages')).toEqual([]);
  });
});

describe('a call of the inbox or the customer', () => {
  test('is a POST of JSON; one that changes nothing needs no key to be known by', async () => {
    const { ask, sent } = clientPage(() => json({ attributes: { plan: 'pro' } }));
    expect(await ask('attributes')).toEqual({ plan: 'pro' });
    const [{ url, init } = { url: '', init: {} }] = sent;
    const headers = new Headers(init.headers);
    expect([url, init.method, init.body]).toEqual([
      'https://events.example.com/v1/customers/attributes',
      'POST',
      '{}',
    ]);
    expect(headers.get('Authorization')).toBe('Bearer token-of-ann');
    expect(headers.get('Content-Type')).toBe('application/json');
    expect(headers.has('Idempotency-Key')).toBe(false);
  });

  test.each([
    [500, { error: 'upstream', message: 'It is down' }, '500 upstream It is down'],
    [404, '<html>', '404'],
    [400, 'null', '400'],
    [503, '', '503'],
    [401, { error: 'invalid_client_key' }, '401 invalid_client_key'],
    [403, { error: 'other' }, '403 other'],
  ])('that is answered %s is an SdkError that says so', async (status, body, said) => {
    const { ask } = clientPage(() => json(body, status));
    const error = await errorOf(ask('attributes'));
    expect(error).toBeInstanceOf(SdkError);
    expect(error).toMatchObject({
      code: 'private-call-failed',
      message: `/v1/customers/attributes: the response is ${said}`,
    });
  });

  test.each([
    ['a page', () => json('<html>signed in</html>')],
    ['half of it', () => json('{"attributes":{"plan"')],
    ['a text', () => json('"text"')],
    ['null', () => json('null')],
    [
      'a body that breaks off',
      () =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode('{}'));
              controller.error(new TypeError('network'));
            },
          }),
        ),
    ],
    ['nothing at all', () => Promise.reject(new TypeError('Failed to fetch'))],
  ])('that is answered %s has failed, and is not taken for empty', async (_, answer) => {
    const { ask } = clientPage(answer);
    for (const name of ['attributes', 'messages', 'subscriptions'] as const)
      expect(await errorOf(ask(name))).toMatchObject({ name: 'SdkError', code: 'private-call-failed' });
  });

  test('that needs no answer may have an empty one', async () => {
    const { ask } = clientPage(() => new Response(null, { status: 204 }));
    expect(await ask('markAsRead', 'm1')).toBeUndefined();
  });

  test('keeps the code of what was wrong with the token', async () => {
    const { ask } = clientPage(
      () => json({}),
      () => null,
    );
    expect(await errorOf(ask('attributes'))).toMatchObject({ code: 'token-unavailable' });
  });

  test('ends when the person changes before its body is there', async () => {
    const { ask, become } = clientPage(
      (sent) =>
        new Response(
          new ReadableStream({
            start(controller) {
              sent.init.signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
            },
          }),
        ),
    );
    const answered = errorOf(ask('attributes'));
    await settled();
    become('bob');
    expect(await answered).toMatchObject({ code: 'identity-changed' });
  });
});

describe('a call of the application', () => {
  test('is made for the person of its moment, or not at all', async () => {
    const { client, sent, become, epoch } = clientPage(() => json({}));
    const before = epoch();
    become('bob');
    become('ann');
    for (const name of ['fetch', 'messages', 'markAsRead', 'delete', 'attributes', 'subscriptions'] as const)
      expect(() => client.ask(before, name, ['/v1/x'])).toThrow(
        expect.objectContaining({ code: 'identity-changed' }),
      );
    expect(sent).toEqual([]);
  });

  test('that sets or renews the token too late says nothing', async () => {
    const { client, tokens, become, epoch } = clientPage(() => json({}));
    const before = epoch();
    become('bob');
    expect(client.ask(before, 'set', ['token-for-ann'])).toBeUndefined();
    expect(client.ask(before, 'refresh', [])).toMatchObject({ userId: 'bob', state: 'none' });
    expect(tokens).toEqual([]);
  });

  test('answers the Response itself', async () => {
    const { ask } = clientPage(() => json('<html>', 404));
    const response = (await ask('fetch', '/v1/x')) as Response;
    expect([response.status, await response.text()]).toEqual([404, '<html>']);
  });

  test.each(['get', 'HEAD', undefined])('by %s is a read', async (method) => {
    const { ask, become, sent } = clientPage(() => new Promise(() => undefined));
    void errorOf(ask('fetch', '/v1/x', method ? { method } : undefined));
    await settled();
    become('bob');
    expect(sent[0]?.init.signal?.aborted).toBe(true);
  });

  test('by POST is a write', async () => {
    const { ask, become, sent } = clientPage(() => new Promise(() => undefined));
    void errorOf(ask('fetch', '/v1/x', { method: 'POST' }));
    await settled();
    become('bob');
    expect(sent[0]?.init.signal?.aborted).toBe(false);
  });

  test('to a proxy that does not know the key is told', async () => {
    const { ask, failures } = clientPage(() => json({ error: 'invalid_client_key' }, 401));
    expect(((await ask('fetch', '/v1/x')) as Response).status).toBe(401);
    expect(failures.map(([code]) => code)).toEqual(['invalid-client-key']);
  });
});

describe('a listener of the inbox', () => {
  const inbox = (): Response => json({ messages: [{ id: 'a' }] });

  test('that was stopped while all this was loaded never begins', async () => {
    const { ask, sent } = clientPage(inbox);
    const listener = vi.fn();
    await ask('onChange', listener, AbortSignal.abort());
    await settled();
    expect([listener.mock.calls, sent]).toEqual([[], []]);
  });

  test('may stop itself by the first that it hears', async () => {
    const { ask, become, sent } = clientPage(inbox);
    await ask('messages');
    const control = new AbortController();
    const listener = vi.fn(() => control.abort());
    await ask('onChange', listener, control.signal);
    await ask('messages');
    expect(listener).toHaveBeenCalledOnce();
    // The inbox has no listeners any more, so it is not requested again.
    const before = sent.length;
    become('bob');
    await settled(5);
    expect(sent).toHaveLength(before);
  });

  test('hears nothing after its stop', async () => {
    const { ask, become } = clientPage(inbox);
    const control = new AbortController();
    const listener = vi.fn();
    await ask('onChange', listener, control.signal);
    await vi.waitFor(() => expect(listener).toHaveBeenCalledOnce());
    control.abort();
    become('bob');
    await ask('messages');
    expect(listener).toHaveBeenCalledOnce();
  });

  test('hears of nobody before anybody is told of the change', async () => {
    const { ask, become } = clientPage(inbox);
    const heard: number[] = [];
    await ask(
      'onChange',
      (messages: readonly unknown[]) => heard.push(messages.length),
      new AbortController().signal,
    );
    await vi.waitFor(() => expect(heard).toEqual([1]));
    become(null);
    expect(heard).toEqual([1, 0]);
  });

  test('that throws is told', async () => {
    const { ask, failures } = clientPage(inbox);
    const cause = new Error('of the application');
    const bad = (): never => {
      throw cause;
    };
    await ask('onChange', bad, new AbortController().signal);
    await vi.waitFor(() =>
      expect(failures).toEqual([['plugin-failed', 'A listener of inbox.onChange threw an error', cause]]),
    );
  });
});

describe('it ends', () => {
  test('with the instance', async () => {
    const { ask, closing, client, sent } = clientPage(() => json({}));
    closing.abort();
    expect(await errorOf(ask('fetch', '/v1/x'))).toMatchObject({ code: 'auth-disabled' });
    expect(client.ask(0, 'set', ['late'])).toBeUndefined();
    expect(client.status().state).toBe('none');
    expect(sent).toEqual([]);
  });

  test('at once, where the instance ended while this was loaded', async () => {
    const closed = new AbortController();
    closed.abort();
    const { ask, sent } = clientPage(() => json({}), undefined, closed);
    expect(await errorOf(ask('attributes'))).toMatchObject({ code: 'auth-disabled' });
    await ask('onChange', () => undefined, new AbortController().signal);
    expect(sent).toEqual([]);
  });
});

test('a limit of the token that is wrong is told, and does not stop it', async () => {
  const { ask, failures } = clientPage(() => json({}), {
    provider: () => 'token',
    timeoutMs: -1,
  });
  expect(failures.map(([code]) => code)).toEqual(['invalid-options']);
  expect(await ask('attributes')).toEqual({});
});
