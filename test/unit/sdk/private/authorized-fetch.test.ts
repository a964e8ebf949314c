// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { settled, START_MS } from '../../../fakes/clock.ts';
import { ANN, BOB, codeOf, deferred, HOUR, jwt, NOBODY, SECOND } from '../auth/token-page.ts';
import { callsPage, json, PROXY, refused } from './setup.ts';

const ANN_AGAIN = { userId: 'ann', anonymousId: 'a3' };

/** An answer whose body arrives when the test resolves it. */
function slowBody(status = 200): { readonly response: Response; end(text: string): void } {
  let end: (text: string) => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      end = (text) => {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      };
    },
  });
  return { response: new Response(body, { status }), end: (text) => end(text) };
}

describe('a private call', () => {
  test('carries the customer token and the client key, and nothing that a browser would add', async () => {
    const { call, sent } = callsPage({ provider: () => ({ token: 'opaque-1', expiresIn: 3_600 }) });
    const response = await call('/v1/x?y=1', { method: 'POST', body: 'text' });
    expect(response.status).toBe(200);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.url).toBe(`${PROXY}/v1/x?y=1`);
    expect(sent[0]?.headers.get('Authorization')).toBe('Bearer opaque-1');
    expect(sent[0]?.headers.get('X-CIO-Client-Key')).toBe('web');
    expect(sent[0]?.init).toMatchObject({
      method: 'POST',
      body: 'text',
      credentials: 'omit',
      redirect: 'error',
    });
  });

  test('carries cookies where the application says so', async () => {
    const { call, sent } = callsPage({ credentials: 'same-origin' });
    await call('/v1/x');
    expect(sent[0]?.init.credentials).toBe('same-origin');
  });

  test("keeps the application's headers, but for the two that say who calls", async () => {
    const { call, sent } = callsPage();
    const headers = { Authorization: 'Basic d2ViOg==', 'x-cio-client-key': 'other', 'X-Mine': 'yes' };
    await call('/v1/x', { headers, credentials: 'include', redirect: 'follow', cache: 'force-cache' });
    expect(sent[0]?.headers.get('Authorization')).toMatch(/^Bearer opaque-ann-\d+$/);
    expect(sent[0]?.headers.get('X-CIO-Client-Key')).toBe('web');
    expect(sent[0]?.headers.get('X-Mine')).toBe('yes');
    expect(sent[0]?.init).toMatchObject({ credentials: 'omit', redirect: 'error', cache: 'no-store' });
    expect(headers['Authorization']).toBe('Basic d2ViOg==');
  });

  test.each([
    ['null', () => null, 'token-unavailable'],
    [
      'a failure',
      () => {
        throw new Error('no');
      },
      'provider-failed',
    ],
  ])('is never made with less when the provider gives %s', async (_, provider, code) => {
    const { call, sent } = callsPage({ provider });
    expect(await codeOf(call())).toBe(code);
    expect(sent).toEqual([]);
  });

  test.each([
    ['a provider', undefined, NOBODY, 'anonymous'],
    ['no provider', 'none' as const, ANN, 'auth-disabled'],
  ])('is not made with %s and nobody, or no token', async (_, provider, identity, code) => {
    const { call, sent } = callsPage({ identity, ...(provider && { provider }) });
    expect(await codeOf(call())).toBe(code);
    expect(sent).toEqual([]);
  });

  test('answers whatever the proxy answers', async () => {
    const { call, answer } = callsPage();
    answer(() => json('<html>', 502, { 'X-Was': 'here' }));
    const response = await call();
    expect([response.status, response.headers.get('X-Was'), await response.text()]).toEqual([
      502,
      'here',
      '<html>',
    ]);
  });

  test('that gets no answer fails as fetch does', async () => {
    const { call, answer } = callsPage();
    const cause = new TypeError('Failed to fetch');
    answer(() => cause);
    await expect(call()).rejects.toBe(cause);
  });
});

describe('a path', () => {
  test.each([
    ['a whole address', 'https://evil.example.com/v1/x'],
    ['another host', '//evil.example.com/v1/x'],
    ['another host with backslashes', '/\\evil.example.com/v1/x'],
    ['one above', '/../x'],
    ['one above, encoded', '/%2e%2e/x'],
    ['one above, with backslashes', '/..\\x'],
    ['further above', '/v1/../../x'],
    ['nothing', ''],
    ['no slash', 'v1/x'],
    ['a host by its name', '.evil.example.com/'],
    ['a host by its user', '@evil.example.com/'],
    ['a port', ':99999/x'],
    ['null', null],
    ['undefined in a list', [undefined]],
    ['a list', ['/v1/x']],
    ['a number', 7],
    ['a symbol', Symbol('/v1/x')],
    ['an object', { toString: () => '/v1/x', startsWith: () => true }],
    ['an address object', new URL(`${PROXY}/v1/x`)],
  ])('that is %s is refused, and the token goes nowhere', async (_, path) => {
    for (const proxyUrl of [PROXY, 'https://events.example.com']) {
      const { call, sent, asked } = callsPage({ proxyUrl });
      // The root has no parent, so the path stays below it.
      if (proxyUrl !== PROXY && typeof path === 'string' && /^\/(\.\.|%2e|v1\/\.\.)/.test(path)) continue;
      expect(await codeOf(call(path)), `${proxyUrl} ${String(path)}`).toBe('invalid-options');
      expect([sent, asked]).toEqual([[], []]);
    }
  });

  test.each([
    ['/v1/x', '/v1/x'],
    ['/v1/../v2/x', '/v2/x'],
    ['/v1/x?to=//evil.example.com/../', '/v1/x?to=//evil.example.com/../'],
    ['/', '/'],
  ])('as %s is below the proxy', async (path, expected) => {
    const { call, sent } = callsPage();
    await call(path);
    expect(sent[0]?.url).toBe(PROXY + expected);
  });
});

describe('a write', () => {
  test.each(['POST', 'put', 'PATCH', 'DELETE'])('by %s can be known for the same', async (method) => {
    const { call, sent } = callsPage();
    await call('/v1/x', { method });
    await call('/v1/x', { method });
    const keys = sent.map(({ headers }) => headers.get('Idempotency-Key'));
    expect(keys).toEqual(['id-1', 'id-2']);
  });

  test.each([undefined, 'GET', 'head'])('is not what %s does', async (method) => {
    const { call, sent } = callsPage();
    await call('/v1/x', method ? { method } : {});
    expect(sent[0]?.headers.has('Idempotency-Key')).toBe(false);
  });

  test("keeps its key when it is repeated, and the application's own", async () => {
    const { call, sent, answer } = callsPage();
    answer(() => (sent.length % 2 ? refused() : json({})));
    await call('/v1/x', { method: 'POST' });
    await call('/v1/x', { method: 'POST', headers: { 'idempotency-key': 'mine' } });
    expect(sent.map(({ headers }) => headers.get('Idempotency-Key'))).toEqual([
      'id-1',
      'id-1',
      'mine',
      'mine',
    ]);
  });

  test.each([
    ['a text', (): BodyInit => 'text'],
    ['a form', (): BodyInit => new FormData()],
    ['bytes', (): BodyInit => new Uint8Array([1])],
    ['a blob', (): BodyInit => new Blob(['x'])],
  ])('of %s is repeated as it was after a 401', async (_, make) => {
    const { call, sent, answer } = callsPage();
    answer(() => (sent.length === 1 ? refused() : json({})));
    const body = make();
    expect((await call('/v1/x', { method: 'POST', body })).status).toBe(200);
    expect(sent.map(({ init }) => init.body === body)).toEqual([true, true]);
    expect(sent[0]?.headers.has('Content-Type')).toBe(false);
  });

  test('of a stream is not: it can be read once', async () => {
    const { call, sent, answer } = callsPage();
    answer(refused);
    const body = new ReadableStream();
    expect(await codeOf(call('/v1/x', { method: 'POST', body }))).toBe('token-rejected');
    expect(sent).toHaveLength(1);
  });
});

describe('a 401', () => {
  test('is met once with a fresh token', async () => {
    const { call, sent, answer, asked, types } = callsPage();
    answer(() => (sent.length === 1 ? refused() : json({ fine: true })));
    const response = await call();
    expect(await response.json()).toEqual({ fine: true });
    expect(new Set(sent.map(({ headers }) => headers.get('Authorization'))).size).toBe(2);
    expect(asked.map(({ reason }) => reason)).toEqual(['initial', 'rejected']);
    expect(types()).toContain('invalid');
  });

  test('and once more is told', async () => {
    const { call, sent, answer } = callsPage();
    answer(refused);
    expect(await codeOf(call())).toBe('token-rejected');
    expect(sent).toHaveLength(2);
  });

  test.each([
    ['without a body', ''],
    ['with a page', '<html>401</html>'],
    ['with null', 'null'],
    ['with a text', '"invalid_client_key"'],
  ])('%s is of the token', async (_, body) => {
    const { call, sent, answer, counts } = callsPage();
    answer(() => (sent.length === 1 ? json(body, 401) : json({})));
    expect((await call()).status).toBe(200);
    expect([sent.length, counts.unknownKey]).toEqual([2, 0]);
  });

  test.each([
    [401, 'invalid_client_key'],
    [403, 'origin_not_allowed'],
  ])('or %s that says %s has nothing to do with the token', async (status, code) => {
    const { call, sent, answer, counts, tokenCache, asked } = callsPage();
    answer(() => json({ error: code, message: 'no' }, status));
    const response = await call();
    expect([response.status, await response.json()]).toEqual([status, { error: code, message: 'no' }]);
    expect([sent.length, asked.length, counts.unknownKey]).toEqual([1, 1, 1]);
    expect(tokenCache.status().state).toBe('usable');
  });

  test('does not make an abort wait for the next token', async () => {
    const { call, answer, provide, sent } = callsPage();
    answer(refused);
    const control = new AbortController();
    const answered = codeOf(call('/v1/x', { signal: control.signal }));
    provide(() => new Promise(() => undefined));
    await settled();
    control.abort('enough');
    expect(await answered).toBe('enough');
    expect(sent).toHaveLength(1);
  });
});

describe('a 403', () => {
  test.each([
    ['subject_mismatch', 'subject_mismatch'],
    ['insufficient_scope', 'insufficient'],
  ])('that says %s is told, and the token stays', async (error, type) => {
    const { call, sent, answer, tokenCache, events, asked } = callsPage();
    answer(() => json({ error }, 403));
    expect(await codeOf(call('/v1/x', { method: 'POST' }))).toBe('forbidden');
    expect(events.at(-1)).toEqual({ type, status: 403, path: '/v1/x', userId: 'ann' });
    expect([sent.length, asked.length, tokenCache.status().state]).toEqual([1, 1, 'usable']);
  });

  test.each([{ error: 'not_yours' }, 'no JSON', 'null', '[]'])(
    'that says %j is answered as it is',
    async (body) => {
      const { call, answer, sent } = callsPage();
      answer(() => json(body, 403));
      const response = await call();
      expect(response.status).toBe(403);
      expect(await response.text()).toBe(typeof body === 'string' ? body : JSON.stringify(body));
      expect(sent).toHaveLength(1);
    },
  );
});

describe('time', () => {
  test('is up when the proxy says nothing', async () => {
    const { call, answer, clock } = callsPage();
    answer(() => undefined);
    const answered = codeOf(call());
    await clock.advance(14_999);
    await clock.advance(1);
    expect(await answered).toMatchObject({ name: 'TimeoutError' });
    expect(clock.timers().filter((ms) => ms < 60 * SECOND)).toEqual([]);
  });

  test('is not up for a body that the application reads by itself', async () => {
    const { call, answer, clock, sent } = callsPage();
    const { response, end } = slowBody();
    answer(() => response);
    const got = await call();
    await clock.advance(60 * SECOND);
    expect(sent[0]?.init.signal?.aborted).toBe(false);
    end('{"late":true}');
    expect(await got.json()).toEqual({ late: true });
  });

  test('is up for a body that the call reads', async () => {
    const { calls, answer, clock, sent } = callsPage();
    answer(() => json({}));
    const read = deferred<string>();
    const answered = codeOf(
      calls.make({ path: '/v1/x', init: {}, isRead: true }, () => {
        sent[0]?.init.signal?.addEventListener('abort', () => read.reject(sent[0]?.init.signal?.reason));
        return read.promise;
      }),
    );
    await clock.advance(15 * SECOND);
    expect(await answered).toMatchObject({ name: 'TimeoutError' });
  });

  test('of the server is learned from its answers', async () => {
    const serverMs = START_MS + HOUR;
    const token = jwt({ sub: 'ann', exp: (serverMs + HOUR) / SECOND });
    const { call, answer, tokenCache } = callsPage({ provider: () => token });
    answer(() => json({}, 500, { Date: new Date(serverMs).toUTCString() }));
    await call();
    expect(tokenCache.status().expiresAtMs).toBeLessThan(START_MS + HOUR + 5 * SECOND);
    expect(tokenCache.status().expiresAtMs).toBeGreaterThan(START_MS + HOUR - 5 * SECOND);
  });

  test.each<Record<string, string>>([{}, { Date: '' }, { Date: 'soon' }])(
    'is not learned from %j',
    async (headers) => {
      const token = jwt({ sub: 'ann', exp: (START_MS + 2 * HOUR) / SECOND });
      const { call, answer, tokenCache } = callsPage({ provider: () => token });
      answer(() => json({}, 200, headers));
      await call();
      expect(tokenCache.status().expiresAtMs).toBe(START_MS + 2 * HOUR);
    },
  );
});

describe('the signal of the application', () => {
  test('that is aborted already lets nothing out', async () => {
    const { call, sent, asked } = callsPage();
    expect(await codeOf(call('/v1/x', { signal: AbortSignal.abort('before') }))).toBe('before');
    expect([sent, asked]).toEqual([[], []]);
  });

  test('ends the wait for a token, and no other wait', async () => {
    const token = deferred<string>();
    const { call, sent } = callsPage({ provider: () => token.promise });
    const control = new AbortController();
    const one = codeOf(call('/v1/x', { signal: control.signal }));
    const other = call();
    await settled();
    control.abort('enough');
    expect(await one).toBe('enough');
    token.resolve('opaque');
    expect((await other).status).toBe(200);
    expect(sent).toHaveLength(1);
  });

  test('ends the wait for an answer', async () => {
    const { call, answer, sent } = callsPage();
    answer(() => undefined);
    const control = new AbortController();
    const answered = codeOf(call('/v1/x', { method: 'POST', signal: control.signal }));
    await settled();
    expect(sent).toHaveLength(1);
    control.abort('enough');
    expect(await answered).toBe('enough');
  });

  test('reaches a body that is being read', async () => {
    const { call, answer, sent } = callsPage();
    answer(() => slowBody().response);
    const control = new AbortController();
    await call('/v1/x', { signal: control.signal });
    control.abort('enough');
    expect(sent[0]?.init.signal?.reason).toBe('enough');
  });
});

describe('another person', () => {
  test.each([
    ['comes', [BOB]],
    ['comes and goes', [BOB, ANN_AGAIN]],
    ['is nobody', [NOBODY]],
  ])('who %s before there is a token ends the call', async (_, people) => {
    const token = deferred<string>();
    const { call, sent, tokenCache, calls } = callsPage({ provider: () => token.promise });
    const answered = codeOf(call());
    await settled();
    for (const who of people) {
      tokenCache.identity(who);
      calls.cutOff();
    }
    token.resolve('opaque-of-ann');
    expect(await answered).toBe('identity-changed');
    expect(sent).toEqual([]);
  });

  test.each([
    ['comes', [BOB]],
    ['comes and goes', [BOB, ANN_AGAIN]],
  ])('who %s cuts a read off, and lets a write finish, for nobody', async (_, people) => {
    const { call, sent, answer, tokenCache, calls } = callsPage();
    answer(() => undefined);
    const read = codeOf(call());
    const write = codeOf(call('/v1/x', { method: 'POST' }));
    await settled();
    for (const who of people) {
      tokenCache.identity(who);
      calls.cutOff();
    }
    expect(sent.map(({ init }) => init.signal?.aborted)).toEqual([true, false]);
    expect(await read).toBe('identity-changed');
    sent[1]?.answer.resolve(json({}));
    expect(await write).toBe('identity-changed');
    expect(sent).toHaveLength(2);
  });

  test.each([401, 403, 200])(
    'is not given what a write of the one before is answered: %s',
    async (status) => {
      const { call, sent, answer, tokenCache, asked, events } = callsPage();
      answer(() => undefined);
      const write = codeOf(call('/v1/x', { method: 'POST' }));
      await settled();
      tokenCache.identity(BOB);
      const before = events.length;
      sent[0]?.answer.resolve(json({ error: 'subject_mismatch' }, status));
      expect(await write).toBe('identity-changed');
      expect([sent.length, asked.length, events.length]).toEqual([1, 1, before]);
    },
  );

  test('does not get the rest of a body that was for the one before', async () => {
    const { call, sent, answer, tokenCache, calls } = callsPage();
    answer(() => slowBody().response);
    await call();
    expect(sent[0]?.init.signal?.aborted).toBe(false);
    tokenCache.identity(BOB);
    calls.cutOff();
    expect(sent[0]?.init.signal?.aborted).toBe(true);
  });

  test('who comes while the body is read ends the call', async () => {
    const { calls, answer, tokenCache } = callsPage();
    answer(() => json({}));
    for (const isRead of [true, false]) {
      const read = deferred<string>();
      const answered = codeOf(calls.make({ path: '/v1/x', init: {}, isRead }, () => read.promise));
      await settled();
      tokenCache.identity(isRead ? BOB : ANN);
      read.resolve('private');
      expect(await answered).toBe('identity-changed');
    }
  });

  test('who is found only now does not get the call that was meant for the one before', async () => {
    const { call, sent, asked, tokenCache, onReload } = callsPage();
    onReload(() => void tokenCache.identity(BOB));
    expect(await codeOf(call('/v1/x', { method: 'POST' }))).toBe('identity-changed');
    expect([sent, asked]).toEqual([[], []]);
    expect((await call()).status).toBe(200);
    expect(sent[0]?.headers.get('Authorization')).toMatch(/^Bearer opaque-bob/);
  });

  test('who is found after the token came keeps it at home', async () => {
    const token = deferred<string>();
    const { call, sent, tokenCache, onReload } = callsPage({ provider: () => token.promise });
    const answered = codeOf(call());
    await settled();
    onReload(() => void tokenCache.identity(BOB));
    token.resolve('opaque-of-ann');
    expect(await answered).toBe('identity-changed');
    expect(sent).toEqual([]);
  });

  test('is not met with the token of the one before after a 401', async () => {
    const { call, answer, tokenCache, sent, asked } = callsPage();
    answer(() => {
      tokenCache.identity(BOB);
      return refused();
    });
    expect(await codeOf(call())).toBe('identity-changed');
    expect([sent.length, asked.length]).toEqual([1, 1]);
  });
});

describe('after the end', () => {
  test('reads are cut off, writes finish, and nothing begins', async () => {
    const { call, calls, tokenCache, sent, answer } = callsPage();
    answer(() => undefined);
    const read = codeOf(call());
    const write = call('/v1/x', { method: 'POST' });
    await settled();
    tokenCache.close();
    calls.close();
    expect(await read).toBe('auth-disabled');
    sent[1]?.answer.resolve(json({ done: true }));
    expect(await (await write).json()).toEqual({ done: true });
    expect(await codeOf(call())).toBe('auth-disabled');
    expect(sent).toHaveLength(2);
  });
});
