/** URLs in the files of the renderer, as far as literals show them. */
import { describe, expect, test } from 'vitest';
import { findInHtml, findInStyle } from '../../../../src/cli/check/in-app/find-in-html.ts';
import { findInScript, findStorages } from '../../../../src/cli/check/in-app/find-in-script.ts';
import type { Reference } from '../../../../src/cli/check/in-app/reference.ts';

const brief = (found: readonly Reference[]): readonly string[] =>
  found.map(({ value, use, isCertain }) => `${use} ${value}${isCertain ? '' : '?'}`);

describe('in a page', () => {
  test('tags that load something', () => {
    const { base, references } = findInHtml(`
      <!-- <script src="old.js"></script> -->
      <BASE href='/renderer/9.9.9/'><script src=a.js?x=1&amp;y=2></script><script type="module" src="b.js"></script>
      <link rel="stylesheet" href="c.css"><link rel="preload" as="font" href="d.woff2"><link rel="icon" href="e.ico">
      <link rel="canonical" href="https://a.example/"><link rel="preconnect" href="https://b.example">
      <img src="f.png"><style>@import "g.css"; p { background: url(h.svg) }</style><a href="https://c.example">A link</a>`);
    expect(base).toBe('/renderer/9.9.9/');
    expect(brief(references)).toEqual([
      'script a.js?x=1&y=2',
      'module b.js',
      'style c.css',
      'font d.woff2',
      'image e.ico',
      'image f.png',
      'style g.css',
      'image h.svg',
    ]);
  });

  test('an inline script; its texts are no tags', () => {
    const found = findInHtml(
      `<script>document.write('<script src="x.js"><\\/script>'); location.replace('https://code.example/i.html')</script><script type="application/json">{"a":"b.js"}</script>`,
    );
    expect(brief(found.references)).toContain('page https://code.example/i.html');
    expect(brief(found.references)).not.toContain('script x.js');
    expect(found.script).not.toContain('b.js');
  });

  test('a policy, and a page that goes on by itself', () => {
    const found = findInHtml(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><meta http-equiv=refresh content="0; url=/next">`,
    );
    expect(found.metaPolicy).toBe("default-src 'none'");
    expect(found.references).toMatchObject([{ value: '/next', isNavigation: true }]);
  });
});

test('in a style sheet, without parts of the same file', () => {
  expect(brief(findInStyle(`a { b: url("c.woff2") } d { e: url(#f) } @import 'g.css';`))).toEqual([
    'style g.css',
    'font c.woff2',
  ]);
});

describe('in a script', () => {
  test.each([
    ['import{a as b}from"./x.js";', 'module ./x.js'],
    ["import './y.js'", 'module ./y.js'],
    ['export * from "../z.js"', 'module ../z.js'],
    ['await import("./lazy.js")', 'module ./lazy.js'],
    ['new URL("engine.wasm", import.meta.url)', 'wasm engine.wasm'],
    ['location.href = "/other.html"', 'page /other.html'],
    ['window.location.assign(`https://a.example/`)', 'page https://a.example/'],
    ["fetch('strings.json')", 'json strings.json?'],
    ['const host = "https://engine.example";', 'unknown https://engine.example?'],
    ['load("assets/font.woff2")', 'font assets/font.woff2?'],
  ])('%s', (script, expected) => {
    expect(brief(findInScript(script, true))).toContain(expected);
  });

  test.each([
    'import React from "react"',
    'createElementNS("http://www.w3.org/2000/svg", "svg")',
    'if (location.href == "/a.html") stop()',
    'const comment = "// no URL"; const slashes = "//";',
    'fetch(`${host}/a.json`)',
  ])('nothing in: %s', (script) => {
    expect(findInScript(script, true)).toEqual([]);
  });

  test('a long script takes no long time', () => {
    const startedMs = performance.now();
    findInScript('import a,'.repeat(20_000) + '"/a/b'.repeat(20_000), true);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  test('storages', () => {
    expect(findStorages('localStorage.a; document.cookie = "b"; navigator.serviceWorker')).toEqual([
      'localStorage',
      'document.cookie',
      'serviceWorker',
    ]);
    expect(findStorages('storage.cookie')).toEqual([]);
  });
});
