// @vitest-environment node
import { expect, test } from 'vitest';
import { createFrameHosts } from '../../../../src/proxy/messages/frame/frame-hosts.ts';
import { createRewrite } from '../../../../src/proxy/messages/frame/rewrite.ts';

const hosts = createFrameHosts({}, '/e/v1/frame/');
const { html, css, script } = createRewrite(hosts);
const DOCUMENT = new URL('https://code.gist.build/renderer/1.2.3/index.html');

test.each([
  ['index.html', 'https://renderer.gist.build/3.0/index.html'],
  ['c/renderer/1.2.3/main.min.js', 'https://code.gist.build/renderer/1.2.3/main.min.js'],
  ['r/3.0/a_b-c.js', 'https://renderer.gist.build/3.0/a_b-c.js'],
  ['c/../x.js', undefined],
  ['c//x.js', undefined],
  ['c/x/', undefined],
  ['x/index.html', undefined],
])('the file at %s is %s', (path, url) => {
  expect(hosts.urlOf(path)?.href).toBe(url);
});

test.each([
  ['https://code.gist.build/renderer/1.2.3/', '/e/v1/frame/c/renderer/1.2.3/'],
  ['https://renderer.gist.build/3.0/index.html?x=1#y', '/e/v1/frame/r/3.0/index.html'],
  ['http://code.gist.build/x.js', null],
  ['https://code.gist.build:8443/x.js', null],
  ['https://code.gist.build.evil.example/x.js', null],
  ['https://evil.example/https://code.gist.build/', null],
])('the path of %s is %s', (url, path) => {
  expect(hosts.pathOf(new URL(url))).toBe(path);
});

test.each([
  ['<p>x</p>', '<base href="/e/v1/frame/c/renderer/1.2.3/"><p>x</p>'],
  [
    '<!DOCTYPE html>\n<!-- <head> -->\n<HTML lang="en">\n<HEAD>\n<title>x</title>',
    '<!DOCTYPE html>\n<!-- <head> -->\n<HTML lang="en">\n<HEAD><base href="/e/v1/frame/c/renderer/1.2.3/">\n<title>x</title>',
  ],
  ['<head><base href="./app/" target="_blank">', '<head><base href="/e/v1/frame/c/renderer/1.2.3/app/">'],
  ['<head><base href=https://code.gist.build/x/>', '<head><base href="/e/v1/frame/c/x/">'],
  ['<head><base target="_blank">', '<head><base href="/e/v1/frame/c/renderer/1.2.3/">'],
  ['<head><base href="https://evil.example/">', '<head>'],
])('the base of %j is that of the document', (before, after) => {
  expect(html(before, DOCUMENT)).toBe(after);
});

test('a URL that only looks like one of the servers stays', () => {
  const text =
    'https://code.gist.build.evil.example/ https://codexgist.build/ //code.gist.builder/ https://code.gist.build';
  expect(script(text)).toBe(text);
  expect(css('a{background:url(//cdn.example/x.png)}', DOCUMENT)).toBe(
    'a{background:url(//cdn.example/x.png)}',
  );
});

test('a dollar sign of a path means itself', () => {
  const rewrite = createRewrite(createFrameHosts({ codeUrl: "https://code.example/a$&b'" }, '/e/v1/frame/'));
  expect(rewrite.script("https://code.example/a$&b'/x.js")).toBe('/e/v1/frame/c/x.js');
});

test('2 MB of HTML are rewritten in a time that is bounded', () => {
  for (const text of [
    '<'.repeat(2_000_000),
    '<!--'.repeat(500_000),
    ' src=/'.repeat(330_000),
    'x '.repeat(1_000_000),
  ]) {
    const startedAt = performance.now();
    html(text, DOCUMENT);
    expect(performance.now() - startedAt, text.slice(0, 10)).toBeLessThan(5_000);
  }
});
