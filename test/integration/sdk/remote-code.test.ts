// @vitest-environment node
/**
 * The published files, and bundles of them, load no code from other servers and make no code from strings.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { rollup } from 'rollup';
import { expect, test } from 'vitest';
import { buildExtension } from '../../support/build/bundle.ts';
import { ROOT } from '../../support/docs/documentation.ts';

/**
 * The patterns that the policies of extension stores forbid: code that is not in the package, and code made
 * from strings.
 */
const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'a script at another address': /https?:\/\/[^\s'"`]+\.m?js\b/,
  eval: /\beval\s*\(/,
  'new Function': /\bFunction\s*\(\s*['"`]|\bnew\s+Function\b/,
  importScripts: /\bimportScripts\b/,
  'a script element': /createElement\(\s*['"`]script/i,
  'import of anything but a file beside it': /\bimport\s*\((?!\s*['"`]\.\/[\w-]+\.js['"`]\s*\))/,
  'a timer that runs a text': /\bset(Timeout|Interval)\s*\(\s*['"`]/,
};

const found = (code: string): readonly string[] =>
  Object.entries(FORBIDDEN).flatMap(([name, pattern]) => (pattern.test(code) ? [name] : []));

test('the check for remote code finds each kind of remote code', () => {
  const samples = [
    'const a = "https://cdn.example.com/a.min.js";',
    'window.eval ("1")',
    'new Function("return this")',
    'importScripts("x.js")',
    'document.createElement("script")',
    'import("https://cdn.example.com/a")',
    'setTimeout("go()", 1)',
  ];
  for (const [i, name] of Object.keys(FORBIDDEN).entries()) expect(found(samples[i] ?? '')).toContain(name);
  expect(
    found('import("./cio-plugins.js"); setTimeout(run, 1); fetch("https://cdp.example.com/v1/batch")'),
  ).toEqual([]);
  expect(found('import(name)')).toHaveLength(1);
});

test('bundles of the package contain no remote code', async () => {
  const folder = await buildExtension(`${ROOT}test/results/extension`);
  const whole = ['content.js', 'worker.js'].map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
  // The lazy files become chunks of their own.
  const bundle = await rollup({ input: [`${ROOT}dist/index.js`, `${ROOT}dist/consent.js`] });
  const { output } = await bundle.generate({ format: 'es' });
  const chunks = output.flatMap((each) => (each.type === 'chunk' ? [each.code] : []));
  expect(chunks.length).toBeGreaterThan(2);
  // `cio-first-party snippet --gtm` prints `cio-stub-es5.js` into pages, and it loads `cio.js` there. No bundle imports it.
  const files = readdirSync(`${ROOT}dist`).filter(
    (name) => /^(index|official|consent|cio-.*)\.js$/.test(name) && name !== 'cio-stub-es5.js',
  );
  expect(files.length).toBeGreaterThan(4);
  const shipped = files.map((name) => readFileSync(`${ROOT}dist/${name}`, 'utf8'));
  for (const code of [...whole, ...chunks, ...shipped]) {
    expect(code.length).toBeGreaterThan(100);
    expect(found(code)).toEqual([]);
  }
});
