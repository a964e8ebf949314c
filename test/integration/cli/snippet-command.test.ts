// @vitest-environment node
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'acorn';
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
      ...['--nonce', '{{ nonce }}', '--no-integrity', '--page-views', 'history'],
    );
    expect(stub).toMatch(/^<script nonce="{{ nonce }}">.*\("cdp"\);<\/script>$/);
    expect(stub).not.toContain('cioanalytics');
    expect(tag).toBe(
      '<script async src="https://cdn.example/s/x.js?v=1&amp;w=2" data-proxy-url="/e" ' +
        'data-client-key="client-api-key-web" data-consent="pending" data-page-views="history" data-global="cdp" nonce="{{ nonce }}"></script>',
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

  test('names a proxy at the root of the origin with a path', async () => {
    const args = ['snippet', '--proxy-url', '/', '--client-key', 'k'];
    expect((await run(args)).out).toContain('src="/cio.js" data-proxy-url="/" data-client-key="k"');
    const gtm = (await run([...args, '--gtm'])).out;
    expect(gtm).toContain('"src":"/cio.js","options":{"proxyUrl":"/","clientKey":"k"}');
    expect(gtm).toContain('"choices":"/cio-choices.js"');
    expect((await run([...args, '--inline'])).out).toContain('{"proxyUrl":"/","clientKey":"k"}');
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
    [[...REQUIRED, '--proxy-url', 'https://me:secret@x.example'], 'not "https://…@x.example".'],
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
    [[...REQUIRED, '--page-views', 'all'], '--page-views must be manual, load, history, not "all".'],
    [[...REQUIRED, '--gtm', '--inline'], '--gtm and --inline exclude each other'],
    [[...REQUIRED, '--inline', '--src', '/cio.js'], '--src has no effect with --inline'],
    [['--gtm', '--client-key', 'k'], '--proxy-url is missing.'],
    [['--gtm', ...REQUIRED, '--client-key', 'a:b'], '--client-key must be a text without ":", not "a:b".'],
    [['--inline', '--proxy-url', 'e', '--client-key', 'k'], '--proxy-url must be an http(s) URL'],
    [['--gtm=yes', ...REQUIRED], "'--gtm' does not take an argument"],
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
    for (const option of [
      'proxy-url',
      'client-key',
      'gtm',
      'inline',
      'src',
      'consent',
      'page-views',
      'global',
    ])
      expect(out).toContain(`--${option} `);
    for (const option of ['nonce', 'no-integrity']) expect(out).toContain(`--${option} `);
  });
});

/** The code of the only script that was printed, which has these attributes. */
async function code(args: readonly string[], attributes = ''): Promise<string> {
  const { code: exit, out, err } = await run(['snippet', ...REQUIRED, ...args]);
  expect([exit, err]).toEqual([0, '']);
  const [, text = '', end] = new RegExp(`^<script${attributes}>([^]*?)</script>(\\n?)$`).exec(out) ?? [];
  expect(end).toBe('\n');
  // What ends or hides the end of a script element is not in it.
  expect(text).not.toMatch(/<(!--|\/?script)/i);
  return text;
}

describe('cio-first-party snippet --gtm', () => {
  test('prints one script in ES5 without attributes and variables of the tag manager', async () => {
    for (const args of [
      ['--gtm'],
      ['--gtm', '--consent', 'pending', '--page-views', 'load', '--global', 'cdp'],
      ['--gtm', '--client-key', 'a\u2028b\u2029</script><!--\'"\\', '--proxy-url', `/e'"\\<`],
    ]) {
      const text = await code(args);
      parse(text, { ecmaVersion: 5 });
      expect(text).not.toMatch(/data-|\{\{|^"use strict"/);
    }
  });

  test('has the consent of Google Consent Mode, unless a state is given', async () => {
    const settings = (text: string): unknown => JSON.parse(/(\{"name".*\})\)\}\(\);$/.exec(text)?.[1] ?? '');
    const options = { proxyUrl: '/e', clientKey: 'client-api-key-web' };
    expect(settings(await code(['--gtm']))).toEqual({
      name: 'cioanalytics',
      src: '/e/cio.js',
      options,
      choices: '/e/cio-choices.js',
    });
    expect(
      settings(
        await code([
          '--gtm',
          '--consent',
          'denied',
          '--page-views',
          'history',
          '--src',
          '/x.js',
          '--global',
          'g',
        ]),
      ),
    ).toEqual({ name: 'g', src: '/x.js', options: { ...options, consent: 'denied', pageViews: 'history' } });
  });

  test('puts the nonce of a variable on the script', async () => {
    const text = await code(['--gtm', '--nonce', '{{nonce}}'], ' nonce="{{nonce}}"');
    expect(text).not.toContain('{{');
  });

  test('a key cannot end the script or the settings', async () => {
    const evil = `</script><!--<script>"'\\`;
    const text = await code(['--gtm', '--client-key', evil]);
    expect(text).toContain(String.raw`"clientKey":"\x3C/script>\x3C!--\x3Cscript>\"'\\"`);
    parse(text, { ecmaVersion: 5 });
  });
});

describe('cio-first-party snippet --inline', () => {
  test('prints one script with the stub, the options and cio.js', async () => {
    const text = await code(
      ['--inline', '--consent', 'pending', '--page-views', 'load', '--global', 'cdp', '--nonce', 'abc'],
      ' nonce="abc"',
    );
    const [, stub = '', create, banner, sdk = ''] = text.split('\n');
    expect(stub).toMatch(/\("cdp"\);$/);
    expect(create).toBe(
      'cdp.createAnalytics({"proxyUrl":"/e","clientKey":"client-api-key-web","consent":"pending","pageViews":"load"});',
    );
    expect(banner).toMatch(/^\/\*! cio-first-party /);
    parse(text, { ecmaVersion: 2022 });
    expect(sdk).not.toContain('cioanalytics');
    // The script must not take the attributes or the folder of the file into which it is put.
    expect(sdk).toContain('null instanceof HTMLScriptElement');
    const built = readFileSync(`${ROOT}dist/cio.js`, 'utf8');
    expect(`${banner}\n${text.split('\n').slice(4).join('\n').trim()}`).toBe(
      built.trim().replace('document.currentScript', 'null').replace('"cioanalytics"', '"cdp"'),
    );
  });

  test('a key cannot end the script', async () => {
    const text = await code(['--inline', '--client-key', `</script><!--<script>"'\\`]);
    expect(text).toContain(String.raw`"clientKey":"\x3C/script>\x3C!--\x3Cscript>\"'\\"`);
    parse(text, { ecmaVersion: 2022 });
  });
});
