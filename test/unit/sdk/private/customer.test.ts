// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { JsonCall } from '../../../../src/sdk/private/contract.ts';
import { createCustomer } from '../../../../src/sdk/private/customer.ts';

type Asked = readonly [path: string, body: object, isRead: boolean];

function asking(...answers: readonly (Readonly<Record<string, unknown>> | Error)[]): {
  readonly ask: JsonCall;
  readonly asked: Asked[];
} {
  const asked: Asked[] = [];
  return {
    asked,
    ask(...given) {
      const answer = answers[asked.length] ?? {};
      asked.push(given);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
}

describe('the attributes of the person', () => {
  test('are asked for without naming anybody', async () => {
    const { ask, asked } = asking({ attributes: { plan: 'pro' } });
    expect(await createCustomer(ask).attributes()).toEqual({ plan: 'pro' });
    expect(asked).toEqual([['/v1/customers/attributes', {}, true]]);
  });

  test.each([{}, { attributes: null }])('are none in %j', async (answer) => {
    expect(await createCustomer(asking(answer).ask).attributes()).toEqual({});
  });

  test('are not had where the call fails', async () => {
    const cause = new Error('no');
    await expect(createCustomer(asking(cause).ask).attributes()).rejects.toBe(cause);
  });
});

describe('the subscriptions of the person', () => {
  const topics = [{ id: '1', name: 'News', subscribed: true }];

  test('are read', async () => {
    const { ask, asked } = asking({ topics });
    expect(await createCustomer(ask).subscriptions()).toEqual(topics);
    expect(asked).toEqual([['/v1/consent/categories', {}, true]]);
  });

  test('are written, then read', async () => {
    const { ask, asked } = asking({ topics: 'of the write' }, { topics });
    expect(await createCustomer(ask).subscriptions({ 1: true, 2: false })).toEqual(topics);
    expect(asked).toEqual([
      [
        '/v1/consent/categories',
        {
          topics: [
            { id: '1', subscribed: true },
            { id: '2', subscribed: false },
          ],
        },
        false,
      ],
      ['/v1/consent/categories', {}, true],
    ]);
  });

  test('are not read after a write that failed', async () => {
    const cause = new Error('no');
    const { ask, asked } = asking(cause);
    await expect(createCustomer(ask).subscriptions({ 1: true })).rejects.toBe(cause);
    expect(asked).toHaveLength(1);
  });

  test.each([{}, { topics: null }, { topics: 'many' }])('are none in %j', async (answer) => {
    expect(await createCustomer(asking(answer).ask).subscriptions()).toEqual([]);
  });
});
