// @vitest-environment node
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ROOT, run } from './program.ts';

const REQUIRED = ['--proxy-url', '/e', '--client-key', 'client-api-key-web'];

async function printed(
  ...more: readonly string[]
): Promise<{ readonly stub: string; readonly tag: string; readonly all: string }> {
  const { code, out, err } = await run(['snippet', ...REQUIRED, ...more]);
  expect([code, err]).toEqual([0, '']);
  const [stub = '', tag = ''] = out.split('</script>\n');
  return { stub: `${stub}</script>`, tag: `${tag}</script>`, all: out };
}

describe('cio-first-party snippet', () => {
  test('prints at most 1000 bytes, with both tags and the hash of cio.js', async () => {
    const { stub, tag, all } = await printed();
    const hash = createHash('sha384')
      .update(readFileSync(`${ROOT}dist/cio.js`))
      .digest('base64');
    expect(Buffer.byteLength(all)).toBeLessThanOrEqual(1_000);
    expect(stub).toMatch(/^<script>.*\("cioanalytics"\);<\/script>$/);
    expect(tag).toBe(
      `<script async src="/e/cio.js" data-proxy-url="/e" data-client-key="client-api-key-web" integrity="sha384-${hash}" crossorigin></script>`,
    );
  });

  test('accepts every option', async () => {
    const { stub, tag } = await printed(
      ...['--src', 'https://cdn.example/s/x.js?v=1&w=2', '--consent', 'pending', '--global', 'cdp'],
      ...['--nonce', '{{ nonce }}', '--no-integrity'],
    );
    expect(stub).toMatch(/^<script nonce="{{ nonce }}">.*\("cdp"\);<\/script>$/);
    expect(stub).not.toContain('cioanalytics');
    expect(tag).toBe(
      '<script async src="https://cdn.example/s/x.js?v=1&amp;w=2" data-proxy-url="/e" ' +
        'data-client-key="client-api-key-web" data-consent="pending" data-global="cdp" nonce="{{ nonce }}"></script>',
    );
  });

  test('escapes special characters of HTML', async () => {
    const evil = `"><script>alert('1')</script>&`;
    const { code, out } = await run(['snippet', '--proxy-url', '/e', '--client-key', evil, '--nonce', evil]);
    expect(code).toBe(0);
    const text = `&quot;&gt;&lt;script&gt;alert('1')&lt;/script&gt;&amp;`;
    expect(out.match(/<script/g)).toHaveLength(2);
    expect(out).toContain(`data-client-key="${text}"`);
    expect(out.split(`nonce="${text}"`)).toHaveLength(3);
  });

  test('reads the key from the environment too', async () => {
    const { out } = await run(['snippet', '--proxy-url', 'https://events.example.com/'], {
      CIO_CLIENT_KEY: 'k1',
    });
    expect(out).toContain(
      'src="https://events.example.com/cio.js" data-proxy-url="https://events.example.com" data-client-key="k1"',
    );
  });

  test.each([
    [['--client-key', 'k'], '--proxy-url is missing.'],
    [['--proxy-url', '/e'], '--client-key is missing, and CIO_CLIENT_KEY is not set.'],
    [[...REQUIRED, '--client-key', 'a:b'], '--client-key must be a text without ":", not "a:b".'],
    [[...REQUIRED, '--client-key', ''], '--client-key must be a text without ":", not "".'],
    [
      [...REQUIRED, '--proxy-url', 'events.example.com'],
      '--proxy-url must be an http(s) URL or a path like /e, without credentials and fragment, not "events.example.com".',
    ],
    [[...REQUIRED, '--proxy-url', '/e?a=b'], 'not "/e?a=b".'],
    [[...REQUIRED, '--proxy-url', 'https://me:secret@x.example'], 'not "https://me:secret@x.example".'],
    [
      [...REQUIRED, '--src', 'cio.js'],
      '--src must be an http(s) URL or a path like /e, without credentials and fragment, not "cio.js".',
    ],
    [[...REQUIRED, '--src', '/e/ci o.js'], '--src must be'],
    [[...REQUIRED, '--src', 'javascript:alert(1)'], 'not "javascript:alert(1)".'],
    [[...REQUIRED, '--consent', 'yes'], '--consent must be granted, pending, denied, not "yes".'],
    [[...REQUIRED, '--global', 'my-name'], '--global must be a valid JavaScript name, not "my-name".'],
    [[...REQUIRED, '--global', '</script>'], 'not "</script>".'],
    [[...REQUIRED, '--nonce', ''], '--nonce must be a text, not "".'],
    [[...REQUIRED, '--key', 'x'], "Unknown option '--key'"],
    [[...REQUIRED, 'now'], "Unexpected argument 'now'"],
  ])('reports unusable arguments, and exits with 2: %j', async (args, message) => {
    const { code, out, err } = await run(['snippet', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });

  test('prints its help', async () => {
    const { code, out } = await run(['snippet', '--help']);
    expect(code).toBe(0);
    for (const option of ['proxy-url', 'client-key', 'src', 'consent', 'global', 'nonce', 'no-integrity'])
      expect(out).toContain(`--${option}`);
  });
});
