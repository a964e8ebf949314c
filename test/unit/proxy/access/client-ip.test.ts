// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { ClientIp } from '../../../../src/proxy.ts';
import { event, post, startProxy } from '../../../integration/proxy/setup.ts';

async function forwarded(
  clientIp: ClientIp | undefined,
  headers: Record<string, string>,
  context: unknown = {},
): Promise<unknown> {
  const { proxy, upstream } = await startProxy({ clientIp });
  await proxy.fetch(post([event({ context })], { headers }));
  return upstream.received[0]?.body.batch[0]?.['context'];
}

describe('the visitor’s IP address', () => {
  const XFF = 'X-Forwarded-For';
  test.each<[ClientIp, Record<string, string>, string]>([
    ['cf-connecting-ip', { 'CF-Connecting-IP': '203.0.113.7' }, '203.0.113.7'],
    ['x-real-ip', { 'X-Real-IP': '2001:db8::1' }, '2001:db8::1'],
    [{ header: 'x-forwarded-for', hops: 1 }, { [XFF]: '6.6.6.6, 203.0.113.7' }, '203.0.113.7'],
    [{ header: 'x-forwarded-for', hops: 2 }, { [XFF]: '6.6.6.6, 203.0.113.7, 10.0.0.1' }, '203.0.113.7'],
    [{ header: 'x-forwarded-for', hops: 1 }, { [XFF]: '203.0.113.7:4711' }, '203.0.113.7'],
    [{ header: 'x-forwarded-for', hops: 1 }, { [XFF]: '[2001:db8::1]:4711' }, '2001:db8::1'],
    ['x-real-ip', { 'X-Real-IP': '::ffff:203.0.113.7' }, '::ffff:203.0.113.7'],
    ['x-real-ip', { 'X-Real-IP': '[2001:db8::1]' }, '2001:db8::1'],
    ['x-real-ip', { 'X-Real-IP': '::' }, '::'],
    ['x-real-ip', { 'X-Real-IP': '255.255.255.255' }, '255.255.255.255'],
    ['x-real-ip', { 'X-Real-IP': '::ffff:203.0.113.7:80' }, '::ffff:203.0.113.7'],
    ['x-real-ip', { 'X-Real-IP': '2001:db8:1:2:3:4:5:6' }, '2001:db8:1:2:3:4:5:6'],
    ['x-real-ip', { 'X-Real-IP': '2001:db8:1:2:3:4:5:6:4711' }, '2001:db8:1:2:3:4:5:6'],
    // A group has at most four digits, so this end can only be a port. With four digits nobody can tell.
    ['x-real-ip', { 'X-Real-IP': '2001:db8::1:54321' }, '2001:db8::1'],
    ['x-real-ip', { 'X-Real-IP': '2001:db8::1:4711' }, '2001:db8::1:4711'],
  ])('is read by %j from %j', async (clientIp, headers, expected) => {
    expect(await forwarded(clientIp, headers, { page: { path: '/' } })).toEqual({
      page: { path: '/' },
      ip: expected,
    });
  });

  test.each<[ClientIp, Record<string, string>]>([
    ['x-real-ip', {}],
    ['x-real-ip', { [XFF]: '203.0.113.7' }],
    ['x-real-ip', { 'X-Real-IP': 'unknown' }],
    ['x-real-ip', { 'X-Real-IP': '<script>' }],
    ['x-real-ip', { 'X-Real-IP': '999.1.1.1' }],
    ['x-real-ip', { 'X-Real-IP': '203.0.113.007' }],
    ['x-real-ip', { 'X-Real-IP': '203.0.113' }],
    ['x-real-ip', { 'X-Real-IP': '203.0.113.7.' }],
    ['x-real-ip', { 'X-Real-IP': ':::' }],
    ['x-real-ip', { 'X-Real-IP': '1:2:3' }],
    ['x-real-ip', { 'X-Real-IP': '[1:2]' }],
    ['x-real-ip', { 'X-Real-IP': '[2001:db8::1]:port' }],
    ['x-real-ip', { 'X-Real-IP': '12345::1' }],
    ['x-real-ip', { 'X-Real-IP': '1:2:3:4:5:6:7:8:9:a' }],
    [{ header: 'x-forwarded-for', hops: 2 }, { [XFF]: '203.0.113.7' }],
  ])('is omitted if %j finds none in %j', async (clientIp, headers) => {
    expect(await forwarded(clientIp, headers, { ip: '6.6.6.6', IP: '6.6.6.6', locale: 'de' })).toEqual({
      locale: 'de',
    });
  });

  test('replaces the value that the browser claims', async () => {
    const headers = { 'X-Real-IP': '203.0.113.7' };
    expect(await forwarded('x-real-ip', headers, { ip: '6.6.6.6', Ip: '6.6.6.6' })).toEqual({
      ip: '203.0.113.7',
    });
  });

  test('is added to an event without a context', async () => {
    expect(await forwarded('x-real-ip', { 'X-Real-IP': '203.0.113.7' }, null)).toEqual({ ip: '203.0.113.7' });
  });

  test('is not changed without the option', async () => {
    const headers = { [XFF]: '203.0.113.7', 'X-Real-IP': '203.0.113.7', 'CF-Connecting-IP': '203.0.113.7' };
    expect(await forwarded(undefined, headers, { ip: '198.51.100.1' })).toEqual({ ip: '198.51.100.1' });
  });
});
