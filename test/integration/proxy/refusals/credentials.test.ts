// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { listen } from '../listen.ts';
import { CLIENT_KEY, startProxy } from '../setup.ts';
import { BATCH, errorIn, exchange, LAST, requestText, statusesIn } from './raw.ts';

const JSON_TYPE = 'Content-Type: application/json';
const LENGTH = `Content-Length: ${Buffer.byteLength(BATCH)}`;

describe('a client key in a raw request', () => {
  test.each([
    ['is wrong', basicAuthorization('client-api-key')],
    ['is empty', 'Basic'],
    ['is a password', `Basic ${btoa(`:${CLIENT_KEY}`)}`],
    ['is written in clear', `Basic ${CLIENT_KEY}:`],
    ['is packed twice', `Basic ${btoa(btoa(`${CLIENT_KEY}:`))}`],
    ['has something behind it', `${basicAuthorization(CLIENT_KEY)}, Basic x`],
    ['has a space within', basicAuthorization(` ${CLIENT_KEY}`)],
    ['has a null within', basicAuthorization(`${CLIENT_KEY}\0`)],
    ['is in other letters', basicAuthorization(CLIENT_KEY.toUpperCase())],
    ['is as long as a head may be', basicAuthorization('k'.repeat(11_000))],
    ['belongs to another scheme', `Negotiate ${btoa(`${CLIENT_KEY}:`)}`],
    ['is no text', 'Basic //79/A=='],
  ])('that %s is refused', async (_, authorization) => {
    const { proxy, upstream } = await startProxy();
    const request = requestText([...LAST, JSON_TYPE, LENGTH, `Authorization: ${authorization}`]);
    const answer = await exchange(await listen(proxy.node), request);
    expect([statusesIn(answer), errorIn(answer)]).toEqual([[401], 'invalid_client_key']);
    expect(answer).not.toMatch(/www-authenticate/i);
    expect(upstream.received).toHaveLength(0);
  });

  test('that is longer than a head may be is not read', async () => {
    const { proxy, upstream } = await startProxy();
    const header = `Authorization: ${basicAuthorization('k'.repeat(50_000))}`;
    const answer = await exchange(await listen(proxy.node), requestText([...LAST, header, LENGTH]));
    expect(statusesIn(answer)).toEqual([431]);
    expect(upstream.received).toHaveLength(0);
  });

  test.each(['/v1/batch?key=', '/v1/batch?clientKey=', '/v1/batch?authorization=Basic%20'])(
    'is not read from %s',
    async (target) => {
      const { proxy, upstream } = await startProxy();
      const request = requestText(
        [...LAST, JSON_TYPE, LENGTH],
        BATCH,
        `POST ${target}${CLIENT_KEY} HTTP/1.1`,
      );
      expect(errorIn(await exchange(await listen(proxy.node), request))).toBe('invalid_client_key');
      expect(upstream.received).toHaveLength(0);
    },
  );
});
