// @vitest-environment node
/** What a strict Content Security Policy and Trusted Types refuse. https://www.w3.org/TR/trusted-types/#injection-sinks */
import { expect, test } from 'vitest';
import { readSources } from '../../../../support/sources.ts';

const sources = readSources('src/sdk/messages/display');

test('no file of the display writes markup, inline styles or script', () => {
  expect(sources.length).toBeGreaterThan(10);
  for (const { file, code } of sources)
    expect(code, file).not.toMatch(
      /innerHTML|outerHTML|insertAdjacent|srcdoc|document\.write|cssText|insertRule|'style'|\.style =|\beval\b|new Function/,
    );
});
