// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { basicAuthorization } from '../../../../src/protocol/wire.ts';
import { listen } from '../listen.ts';
import { CLIENT_KEY, startProxy } from '../setup.ts';
import { BATCH, errorIn, exchange, HEAD, LAST, requestText } from './raw.ts';

const LENGTH = `Content-Length: ${Buffer.byteLength(BATCH)}`;
const SHOP = 'https://shop.example.com';
const GOOD = `Authorization: ${basicAuthorization(CLIENT_KEY)}`;
const JSON_TYPE = 'Content-Type: application/json';

describe('a header that must be unique, sent twice', () => {
  test.each<[string, readonly string[], string]>([
    [
      'a key, and one that is none',
      [...LAST, JSON_TYPE, GOOD, 'Authorization: Basic eA=='],
      'invalid_client_key',
    ],
    ['the other way round', [...LAST, JSON_TYPE, 'Authorization: Basic eA==', GOOD], 'invalid_client_key'],
    ['the same key', [...LAST, JSON_TYPE, GOOD, GOOD], 'invalid_client_key'],
    ['a type, and another', [...HEAD, 'Content-Type: text/plain'], 'unsupported_media_type'],
    ['the other way round', [...LAST, GOOD, 'content-type: text/plain', JSON_TYPE], 'unsupported_media_type'],
    [
      'an encoding',
      [...HEAD, 'Content-Encoding: gzip', 'Content-Encoding: identity'],
      'unsupported_encoding',
    ],
    ['an origin', [...HEAD, `Origin: ${SHOP}`, 'Origin: https://evil.example'], 'origin_not_allowed'],
    [
      'the other way round',
      [...HEAD, 'Origin: https://evil.example', `Origin: ${SHOP}`],
      'origin_not_allowed',
    ],
    [
      'the key beside a token',
      [
        ...LAST,
        JSON_TYPE,
        'Authorization: Bearer a.b.c',
        `X-CIO-Client-Key: ${CLIENT_KEY}`,
        'X-CIO-Client-Key: x',
      ],
      'invalid_client_key',
    ],
  ])('is refused, and neither value is used: %s', async (_, headers, expected) => {
    const { proxy, upstream } = await startProxy({
      origins: [SHOP],
      customerToken: { secret: 'x'.repeat(32) },
    });
    const answer = await exchange(await listen(proxy.node), requestText([...headers, LENGTH]));
    expect(errorIn(answer)).toBe(expected);
    expect(upstream.received).toHaveLength(0);
  });
});
