// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { outcomeOf } from '../../../../src/sdk/sender/outcome.ts';
import { START_MS } from '../../../fakes/clock.ts';

const headersOf = (given: Readonly<Record<string, string | undefined>>): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) headers.set(name, value);
  return headers;
};

const answer = (
  status: number,
  more: { type?: string; retryAfter?: string; date?: string; body?: string } = {},
) => ({
  status,
  headers: headersOf({ 'Content-Type': more.type, 'Retry-After': more.retryAfter, Date: more.date }),
  body: more.body ?? '',
});

describe('an answer is judged by its status', () => {
  test.each([200, 201, 202, 204, 299])('%i has arrived', (status) => {
    expect(outcomeOf(answer(status), START_MS)).toEqual({ kind: 'delivered' });
  });

  test('2xx may be of a part, where our proxy says which events it has not taken', () => {
    const body = JSON.stringify({
      success: true,
      rejected: [
        { messageId: 'a-1', error: 'token_required' },
        { messageId: null, error: 'subject_mismatch' },
        { messageId: 'a-2', error: 'subject_mismatch' },
      ],
    });
    expect(outcomeOf(answer(200, { body }), START_MS)).toEqual({
      kind: 'delivered',
      refused: ['a-1', 'a-2'],
    });
    // Another proxy may return the request's own body.
    const echo = JSON.stringify({ batch: [{ messageId: 'a-1', type: 'track' }] });
    expect(outcomeOf(answer(200, { body: echo }), START_MS)).toEqual({ kind: 'delivered' });
  });

  test.each([408, 425, 429, 500, 501, 502, 503, 504, 522, 599])('%i is "not now"', (status) => {
    expect(outcomeOf(answer(status), START_MS)).toEqual({ kind: 'busy', status });
  });

  test.each([400, 402, 403, 404, 405, 406, 409, 410, 422, 451])('%i is about what was sent', (status) => {
    expect(outcomeOf(answer(status), START_MS)).toEqual({ kind: 'rejected', status, body: '' });
  });

  test('401 is about the key', () => {
    expect(outcomeOf(answer(401, { body: '{"error":"invalid_client_key"}' }), START_MS).kind).toBe(
      'unauthorized',
    );
    expect(outcomeOf(answer(401), START_MS).kind).toBe('unauthorized');
  });

  test('403 is about the origin only when it says so', () => {
    const body = '{"error":"origin_not_allowed","message":"","serverTime":0}';
    expect(outcomeOf(answer(403, { body }), START_MS).kind).toBe('unauthorized');
    expect(outcomeOf(answer(403), START_MS).kind).toBe('rejected');
  });

  test.each([415, 413])('%i is a refusal, whose size or encoding the sender looks at', (status) => {
    expect(outcomeOf(answer(status), START_MS)).toEqual({ kind: 'rejected', status, body: '' });
  });

  test.each(['text/html', 'text/html; charset=utf-8', 'TEXT/HTML', 'application/xhtml+xml'])(
    '2xx with %s is a page of the site, not the proxy',
    (type) => {
      const body = '<!DOCTYPE html>\n<title>Shop</title>';
      expect(outcomeOf(answer(200, { type, body }), START_MS)).toEqual({
        kind: 'foreign',
        status: 200,
        body,
      });
    },
  );

  test.each(['application/json', 'text/plain;charset=UTF-8', null])('2xx with %s has arrived', (type) => {
    expect(outcomeOf(answer(200, type === null ? {} : { type }), START_MS)).toEqual({ kind: 'delivered' });
  });

  test.each([0, 301, 304, 308])('%i is a redirect, or no final answer at all', (status) => {
    expect(outcomeOf(answer(status), START_MS).kind).toBe('foreign');
  });

  test.each([401, 403, 404, 503])('%i says the same with a web page as without', (status) => {
    const plain = outcomeOf(answer(status), START_MS).kind;
    expect(outcomeOf(answer(status, { type: 'text/html' }), START_MS).kind).toBe(plain);
  });
});

test('Retry-After is part of the judgement', () => {
  expect(outcomeOf(answer(503, { retryAfter: '30' }), START_MS)).toEqual({
    kind: 'busy',
    status: 503,
    afterMs: 30_000,
  });
});
