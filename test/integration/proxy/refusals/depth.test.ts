// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { post, startProxy, verdict } from '../setup.ts';

const nested = (depth: number, open: string, close: string): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

describe('a body that is nested as deep as its bytes allow', () => {
  test.each<[string, string, string]>([
    ['around the batch', nested(200_000, '[', ']'), '400 invalid_batch'],
    ['beside the batch', `{"batch":[],"x":${nested(60_000, '{"a":', '}')}}`, '400 invalid_batch'],
    ['in place of an event', `{"batch":[${nested(200_000, '[', ']')}]}`, '400 invalid_event'],
    ['in place of a type', `{"batch":[{"type":${nested(200_000, '[', ']')}}]}`, '400 invalid_event'],
    [
      'in an event',
      `{"batch":[{"type":"track","event":"x","properties":${nested(60_000, '{"a":', '}')}}]}`,
      '400 invalid_event',
    ],
    ['and that does not end', '['.repeat(400_000), '400 invalid_batch'],
  ])('%s crashes no process and is not forwarded', async (_, body, expected) => {
    const { proxy, upstream } = await startProxy({ transform: (event) => ({ ...event }) });
    expect(await verdict(await proxy.fetch(post([], { body })))).toBe(expected);
    expect(upstream.received).toHaveLength(0);
    expect(await verdict(await proxy.fetch(post()))).toBe('200');
  });
});
