// @vitest-environment node
/** Every error code of the SDK and of the proxy has a page and a row in `docs/errors/index.md`, and no other code has. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGES, pageText, ROOT } from '../support/docs/documentation.ts';

/** The members of a union of texts in the source. */
function membersOf(file: string, type: string): readonly string[] {
  const [union = ''] = new RegExp(`type ${type} =[^;]*;`).exec(readFileSync(ROOT + file, 'utf8')) ?? [];
  return Array.from(union.matchAll(/'([\w-]+)'/g), ([, code = '']) => code);
}

const codes = [
  ...membersOf('src/protocol/errors.ts', 'SdkErrorCode'),
  ...membersOf('src/proxy/http/response.ts', 'ProxyErrorCode'),
].sort();

test('every code has a page, whose title names it', () => {
  expect(codes.length).toBeGreaterThan(50);
  const pages = PAGES.flatMap(({ file }) => /^docs\/errors\/(?!index)(.*)\.md$/.exec(file)?.[1] ?? []);
  expect(pages.sort()).toEqual(codes);
  const titled = codes.filter((code) =>
    pageText(`docs/errors/${code}.md`).startsWith(`# Error \`${code}\`\n`),
  );
  expect(titled).toEqual(codes);
});

test.each(['docs/errors/index.md'])('every code has a row in %s', (file) => {
  const rows = Array.from(
    pageText(file).matchAll(/^- \[`([\w-]+)`\]\(([\w-]+)\.md\)/gm),
    ([, code, page]) => [code, page],
  );
  expect(rows.map(([code = '']) => code).sort((one, other) => (one < other ? -1 : 1))).toEqual(codes);
  expect(rows.filter(([code, page]) => code !== page)).toEqual([]);
});

test('the statuses in the index are those of the table of refusals', () => {
  const table = pageText('docs/reference/http-api.md');
  const statuses = new Set(
    Array.from(table.matchAll(/\| (\d{3}) +\| `(\w+)` +\|/g), ([, status, code]) => `${code} ${status}`),
  );
  const rows = pageText('docs/errors/index.md').matchAll(/^- \[`(\w+)`\]\(\S+\) \(([^)]*)\)/gm);
  const named = Array.from(rows, ([, code, text = '']) => [code, text.match(/\d{3}/g)?.[0]].join(' '));
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((each) => !statuses.has(each))).toEqual([]);
});
