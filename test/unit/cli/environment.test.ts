// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/cli/environment.ts';

const GOOD = { CIO_WRITE_KEY: 'write-key', CIO_CLIENT_KEYS: 'web' };

function problemsOf(environment: Record<string, string>): readonly string[] {
  const reading = readEnvironment(environment);
  return reading.kind === 'unusable' ? reading.problems : [];
}

describe('the environment', () => {
  test('needs two variables', () => {
    expect(readEnvironment(GOOD)).toEqual({
      kind: 'ready',
      options: { writeKey: 'write-key', clientKeys: ['web'] },
      host: undefined,
      port: 8080,
    });
  });

  test('becomes the options of the proxy', () => {
    const reading = readEnvironment({
      CIO_WRITE_KEY: ' write-key ',
      CIO_CLIENT_KEYS: 'web, shop,',
      CIO_REGION: 'eu',
      CIO_ORIGINS: 'https://shop.example.com,https://www.example.com',
      CIO_BASE_PATH: '/e',
      CIO_UPSTREAM_URL: 'http://localhost:9000',
      CIO_CLIENT_IP: 'x-forwarded-for:2',
      HOST: '127.0.0.1',
      PORT: '0',
    });
    expect(reading).toEqual({
      kind: 'ready',
      options: {
        writeKey: 'write-key',
        clientKeys: ['web', 'shop'],
        region: 'eu',
        origins: ['https://shop.example.com', 'https://www.example.com'],
        basePath: '/e',
        upstreamUrl: 'http://localhost:9000',
        clientIp: { header: 'x-forwarded-for', hops: 2 },
      },
      host: '127.0.0.1',
      port: 0,
    });
  });

  test.each(['cf-connecting-ip', 'x-real-ip'])('names a header that needs no hops: %s', (header) => {
    expect(readEnvironment({ ...GOOD, CIO_CLIENT_IP: header })).toMatchObject({
      options: { clientIp: header },
    });
  });

  test('treats an empty variable as one that is not set', () => {
    expect(problemsOf({ ...GOOD, CIO_REGION: '', CIO_ORIGINS: ' ', PORT: '' })).toEqual([]);
    expect(problemsOf({ CIO_WRITE_KEY: '', CIO_CLIENT_KEYS: ' ' })).toHaveLength(2);
  });

  test('is told everything that is wrong at once, in the words of its variables', () => {
    const problems = problemsOf({
      CIO_CLIENT_KEYS: 'a:b',
      CIO_REGION: 'de',
      CIO_ORIGINS: 'shop.example.com',
      CIO_BASE_PATH: 'e',
      CIO_UPSTREAM_URL: 'cdp.customer.io',
      CIO_CLIENT_IP: 'x-forwarded-for',
      PORT: '80808',
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'CIO_WRITE_KEY is missing',
      'CIO_CLIENT_KEYS is not usable',
      'CIO_REGION is "de"',
      'CIO_UPSTREAM_URL is "cdp.customer.io"',
      'CIO_ORIGINS is "shop.example.com"',
      'CIO_BASE_PATH is "e"',
      'CIO_CLIENT_IP is "x-forwarded-for"',
      'PORT is "80808"',
    ]);
    expect(problems.find((problem) => problem.startsWith('CIO_REGION'))).toBe(
      'CIO_REGION is "de": it must be us or eu, where your Customer.io account lives.',
    );
  });

  test('never has its keys printed', () => {
    const problems = [
      ...problemsOf({ CIO_WRITE_KEY: 'secret key', CIO_CLIENT_KEYS: 'secret:key' }),
      ...problemsOf({ CIO_WRITE_KEY: 'secret', CIO_CLIENT_KEYS: 'web,secret' }),
    ];
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('secret');
    expect(problems[2]).toBe(
      'CIO_CLIENT_KEYS must not hold the write key: every visitor can read client keys.',
    );
  });
});
