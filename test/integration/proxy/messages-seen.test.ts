// @vitest-environment node
/** `POST /v1/messages/seen`, and the open state of messages in the inbox. */
import { describe, expect, test } from 'vitest';
import { verdict } from './setup.ts';
import { FETCH, GUEST_SECRET, SEEN, SITE_ID, startMessages } from './messages-setup.ts';

const READ = '/v1/inbox/mark-as-read';

describe('a message that was shown', () => {
  test('is logged for the person of the token', async () => {
    const { ask, inApp } = await startMessages();
    const response = await ask(SEEN, { id: 'q/1 ü' });
    expect([response.status, await response.json()]).toEqual([200, { success: true }]);
    const [{ method, path, text, headers } = { method: '', path: '', text: '', headers: {} }] =
      inApp.received;
    expect([method, path, text]).toEqual(['POST', '/api/v1/logs/queue/q%2F1%20%C3%BC', '{}']);
    expect(headers).toMatchObject({
      'x-cio-site-id': SITE_ID,
      'x-gist-encoded-user-token': btoa('u1'),
      'x-gist-user-anonymous': 'false',
    });
  });

  test('is logged for the guest of an anonymous visitor', async () => {
    const { askAnonymously, inApp } = await startMessages({
      inApp: { siteId: SITE_ID, anonymous: { secret: GUEST_SECRET } },
    });
    expect((await askAnonymously(SEEN, { id: 'q1', anonymousId: 'a1' })).status).toBe(200);
    await askAnonymously(FETCH, { anonymousId: 'a1' });
    const [seen, fetched] = inApp.received.map(({ headers }) => headers['x-gist-encoded-user-token']);
    expect(atob(String(seen))).toMatch(/^[\da-f-]{36}$/);
    expect(seen).toBe(fetched);
    expect(inApp.received[0]?.headers['x-gist-user-anonymous']).toBe('true');
    expect(await verdict(await askAnonymously(SEEN, { id: 'q1' }))).toBe('400 invalid_body');
  });

  test.each([404, 410])('counts as logged where it does not exist (%i)', async (status) => {
    const { ask, inApp } = await startMessages();
    inApp.respond({ status });
    expect((await ask(SEEN, { id: 'q1' })).status).toBe(200);
  });

  test.each([500, 429])('has to be logged again after %i', async (status) => {
    const { ask, inApp } = await startMessages();
    inApp.respond({ status, headers: { 'Retry-After': '9' } });
    const response = await ask(SEEN, { id: 'q1' });
    expect(response.headers.get('Retry-After')).toBe('9');
    expect(await verdict(response)).toBe('503 upstream_unavailable');
  });

  test.each([undefined, '', 7, 'x'.repeat(201), 'a\nb', '\ud800'])('needs an id: %j', async (id) => {
    const { ask, inApp } = await startMessages();
    expect(await verdict(await ask(SEEN, { id }))).toBe('400 invalid_body');
    expect(inApp.received).toEqual([]);
  });

  test.each(['.', '..'])('with the id %j does not exist, and the service is not asked', async (id) => {
    const { ask, inApp } = await startMessages();
    expect((await ask(SEEN, { id })).status).toBe(200);
    expect(inApp.received).toEqual([]);
  });

  test('is not logged without a right to it', async () => {
    const { ask, askAnonymously, inApp } = await startMessages();
    expect(await verdict(await askAnonymously(SEEN, { id: 'q1' }))).toBe('401 invalid_token');
    expect(await verdict(await ask(SEEN, { id: 'q1', userId: 'u1' }, 'u2'))).toBe('403 subject_mismatch');
    expect(inApp.received).toEqual([]);
  });
});

describe('a message of the inbox', () => {
  test.each([
    [{}, { opened: true }],
    [{ opened: true }, { opened: true }],
    [{ opened: false }, { opened: false }],
  ])('with %j becomes %j', async (fields, expected) => {
    const { ask, inApp, pipelines } = await startMessages();
    expect((await ask(READ, { id: 'i1', ...fields })).status).toBe(200);
    const [{ method, path, body } = {}] = inApp.received;
    expect([method, path, body]).toEqual(['PATCH', '/api/v1/messages/i1', expected]);
    expect(pipelines.received).toEqual([]);
  });

  test.each(['false', 0, null])('is neither opened nor unopened by %j', async (opened) => {
    const { ask, inApp } = await startMessages();
    expect(await verdict(await ask(READ, { id: 'i1', opened }))).toBe('400 invalid_body');
    expect(inApp.received).toEqual([]);
  });
});
