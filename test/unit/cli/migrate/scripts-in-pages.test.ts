// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { migrated, withImport, withOurImport } from './migrated.ts';

const BEFORE = withImport("const a: AnalyticsBrowser = AnalyticsBrowser.load({ writeKey: 'k' });");
const AFTER = withOurImport(
  "const a: Analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'web' });",
).replace('{ createAnalytics }', '{ createAnalytics, type Analytics }');

describe('scripts in components and pages', () => {
  test.each([
    [
      'a.vue',
      (code: string) =>
        `<template><a @click="x > 1" /></template>\n<script setup lang="ts">\n${code}</script>\n<style>a{}</style>`,
    ],
    ['a.svelte', (code: string) => `<script lang='ts'>\n${code}</script>\n<p>{a}</p>`],
    ['a.astro', (code: string) => `---\n${code}\n---\n<p />`],
    ['a.astro', (code: string) => `---\nconst x = 1;\n---\n<script>\n${code}</script>`],
    ['a.html', (code: string) => `<!-- <script>${code}</script> --><script type="module">\n${code}</script>`],
  ])('%s', (file, around) => {
    const isTyped = file !== 'a.html';
    const untyped = (code: string): string =>
      isTyped
        ? code
        : code.replace(': AnalyticsBrowser', '').replace(': Analytics', '').replace(', type Analytics', '');
    const before = around(untyped(BEFORE));
    const { code, byHand } = migrated(file, before);
    const last = before.lastIndexOf(untyped(BEFORE));
    expect(code).toBe(before.slice(0, last) + untyped(AFTER) + before.slice(last + untyped(BEFORE).length));
    expect(byHand).toEqual([]);
  });

  test.each([
    `<script type="importmap">{ "imports": { "@customerio/cdp-analytics-browser": "/x.js" } }</script>`,
    '<script type="module" src="https://cdn.example/npm/@customerio/cdp-analytics-browser"></script>',
  ])('an element that loads the package in another way is listed: %s', (element) => {
    const comment = '<!-- <script src="/@customerio/cdp-analytics-browser"></script> -->';
    const code = withImport("AnalyticsBrowser.load({ writeKey: 'k' });");
    const page = `${comment}\n${element}\n<script type="module">${code}</script>\n`;
    const result = migrated('index.html', page);
    expect(result.code).toContain(element);
    expect(result.byHand).toEqual([expect.stringMatching(/^2: This element names the package/)]);
  });

  test('data and templates in script elements are left', () => {
    const page = `<script type="application/json">"@customerio/cdp-analytics-browser"</script>
<script type="text/x-template">import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser'</script>`;
    expect(migrated('a.html', page)).toMatchObject({ code: page, byHand: [] });
  });
});

describe('untouched text', () => {
  const odd = `\uFEFF// eslint-disable\r\n${BEFORE.replaceAll('\n', '\r\n')}\r\n\r\nfoo( "x" ) ;\t\r\n\r\n  const  b=1\r\n`;

  test('keeps its line ends, its mark at the beginning, and its white space', () => {
    expect(migrated('a.ts', odd).code).toBe(
      odd.replace(BEFORE.replaceAll('\n', '\r\n'), AFTER.replaceAll('\n', '\r\n')),
    );
  });

  test('a new line has the line end of the file', () => {
    const { code } = migrated(
      'a.ts',
      odd
        .replace('{ AnalyticsBrowser }', '{ AnalyticsBrowser, InAppPlugin }')
        .replace('foo(', 'InAppPlugin('),
    );
    expect(code).toContain("from 'cio-first-party';\r\nimport { InAppPlugin }");
    expect(code.replaceAll('\r\n', '')).not.toContain('\n');
  });

  test('a second run changes nothing', () => {
    const once = migrated('a.ts', odd).code;
    expect(migrated('a.ts', once)).toEqual({ code: once, byHand: [], next: [], rewrites: 0 });
  });

  test.each([
    ['Flow and JSX in a .js file', '// @flow\nconst f = (x: ?string) => <a {...x} />;\n'],
    ['TypeScript in a .js file', 'let x = y as unknown as string;\n'],
    ['a type assertion in a .ts file', 'let x = <string>y;\n'],
    ['decorators', '@Component({}) class A { @Input() x = 1; }\n'],
    ['await at the top', 'await x;\n'],
  ])('%s is read', (name, more) => {
    const file = name.includes('.js') ? 'a.js' : 'a.ts';
    const { byHand, rewrites } = migrated(
      file,
      withImport(`AnalyticsBrowser.load({ writeKey: 'k' });\n${more}`),
    );
    expect({ byHand, rewrites }).toEqual({ byHand: [], rewrites: 2 });
  });
});
