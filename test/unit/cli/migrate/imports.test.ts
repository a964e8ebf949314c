// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { migrated } from './migrated.ts';

const LOAD = "AnalyticsBrowser.load({ writeKey: 'k' })";
const CREATE = "createAnalytics({ proxyUrl: '/e', clientKey: 'web' })";

describe('imports of the package', () => {
  test.each([
    [
      'a name',
      `import { AnalyticsBrowser } from 'V';\n${LOAD};`,
      `import { createAnalytics } from 'O';\n${CREATE};`,
    ],
    [
      'double quotes, and no semicolon',
      `import {AnalyticsBrowser} from "V"\nconst a = ${LOAD.replaceAll("'", '"')}`,
      `import {createAnalytics} from "O"\nconst a = ${CREATE.replaceAll("'", '"')}`,
    ],
    [
      'another local name',
      `import { AnalyticsBrowser as Cdp } from 'V';\n${LOAD.replace('AnalyticsBrowser', 'Cdp')};`,
      `import { createAnalytics } from 'O';\n${CREATE};`,
    ],
    [
      'the whole module',
      `import * as cdp from 'V';\ncdp.${LOAD};\nlet a: cdp.AnalyticsBrowser;`,
      `import * as cdp from 'O';\ncdp.${CREATE};\nlet a: cdp.Analytics;`,
    ],
    [
      'require',
      `const { AnalyticsBrowser } = require('V');\n${LOAD};`,
      `const { createAnalytics } = require('O');\n${CREATE};`,
    ],
    [
      'require of the module',
      `const cdp = require('V');\ncdp.${LOAD};`,
      `const cdp = require('O');\ncdp.${CREATE};`,
    ],
    ['a member of require', `const a = require('V').${LOAD};`, `const a = require('O').${CREATE};`],
    [
      'a dynamic import that is waited for',
      `const { AnalyticsBrowser } = await import('V');\n${LOAD};`,
      `const { createAnalytics } = await import('O');\n${CREATE};`,
    ],
    ['a member of a dynamic import', `(await import('V')).${LOAD};`, `(await import('O')).${CREATE};`],
    [
      'then of a dynamic import',
      `import('V').then(({ AnalyticsBrowser }) =>\n  ${LOAD});`,
      `import('O').then(({ createAnalytics }) =>\n  ${CREATE});`,
    ],
    [
      'then with the module',
      `import('V').then((cdp) =>\n  cdp.${LOAD});`,
      `import('O').then((cdp) =>\n  cdp.${CREATE});`,
    ],
  ])('%s', (_, before, after) => {
    const names = (code: string): string =>
      code
        .replace(/(['"])V\1/, '$1@customerio/cdp-analytics-browser$1')
        .replace(/(['"])O\1/, '$1cio-first-party$1');
    expect(migrated('a.ts', names(before))).toMatchObject({ code: names(after), byHand: [] });
  });

  test('types get the names of this package, inline or in an import of types', () => {
    const { code, byHand } = migrated(
      'a.ts',
      `import type { Analytics, Plugin, UserTraits } from '@customerio/cdp-analytics-browser';
import {
  AnalyticsBrowser,
  type EventProperties,
} from '@customerio/cdp-analytics-browser';
let instance: AnalyticsBrowser | null = null;
instance = AnalyticsBrowser.load({ writeKey: 'k' });
export const track = (name: string, properties?: EventProperties) => instance?.track(name, properties);
export const f = (a: Analytics, b: Plugin, c: UserTraits) => [a, b, c];
type Instance = ReturnType<typeof AnalyticsBrowser.load>;
type Later = import('@customerio/cdp-analytics-browser').Analytics;
`,
    );
    expect(byHand).toEqual([]);
    expect(code).toBe(`import type { Analytics, Plugin, Traits } from 'cio-first-party';
import {
  createAnalytics,
  type Analytics,
  type Properties,
} from 'cio-first-party';
let instance: Analytics | null = null;
instance = createAnalytics({ proxyUrl: '/e', clientKey: 'web' });
export const track = (name: string, properties?: Properties) => instance?.track(name, properties);
export const f = (a: Analytics, b: Plugin, c: Traits) => [a, b, c];
type Instance = ReturnType<typeof createAnalytics>;
type Later = import('cio-first-party').Analytics;
`);
  });

  test('a name that the file has already gets another one', () => {
    const { code } = migrated(
      'a.tsx',
      `import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
const createAnalytics = () => AnalyticsBrowser.load({ writeKey: 'k' });
export default function Analytics({ a }: { a: AnalyticsBrowser }) { return null; }
`,
    );
    expect(code)
      .toBe(`import { createAnalytics as createCioAnalytics, type Analytics as CioAnalytics } from 'cio-first-party';
const createAnalytics = () => createCioAnalytics({ proxyUrl: '/e', clientKey: 'web' });
export default function Analytics({ a }: { a: CioAnalytics }) { return null; }
`);
  });

  test('a variable of the same name in another scope is left', () => {
    const code = `import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
function f(AnalyticsBrowser) { return AnalyticsBrowser.load({ writeKey: 'k' }); }
`;
    expect(migrated('a.js', code).code).toContain("{ return AnalyticsBrowser.load({ writeKey: 'k' }); }");
  });

  test("the class of Segment's SDK is left", () => {
    const code = `import { AnalyticsBrowser } from '@segment/analytics-next';\nAnalyticsBrowser.load({ writeKey: 'k' });\n`;
    expect(migrated('a.js', code)).toEqual({ code, byHand: [], next: [], rewrites: 0 });
  });
});

describe('what has no counterpart', () => {
  test('a name stays in an import of its own, and is listed', () => {
    const { code, byHand } = migrated(
      'a.ts',
      `import { AnalyticsBrowser, InAppPlugin } from '@customerio/cdp-analytics-browser';
const a = AnalyticsBrowser.load({ writeKey: 'k' });
a.register(InAppPlugin({ siteId: 's' }));
`,
    );
    expect(code).toBe(`import { createAnalytics } from 'cio-first-party';
import { InAppPlugin } from '@customerio/cdp-analytics-browser';
const a = createAnalytics({ proxyUrl: '/e', clientKey: 'web' });
a.register(InAppPlugin({ siteId: 's' }));
`);
    expect(byHand).toEqual([
      expect.stringMatching(/^3: `InAppPlugin` is not in cio-first-party\. Remove the plugin/),
    ]);
  });

  test('a use that cannot be rewritten keeps the old name beside the new one', () => {
    const { code, byHand } = migrated(
      'a.ts',
      `import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
start(AnalyticsBrowser);
AnalyticsBrowser.load({ writeKey: 'k' });
`,
    );
    expect(code).toBe(`import { createAnalytics } from 'cio-first-party';
import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
start(AnalyticsBrowser);
createAnalytics({ proxyUrl: '/e', clientKey: 'web' });
`);
    expect(byHand).toEqual([expect.stringMatching(/^2: `AnalyticsBrowser` is passed on/)]);
  });

  test('an import() of which one name is missing is left as a whole', () => {
    const code = `import('@customerio/cdp-analytics-browser').then(({ AnalyticsBrowser, InAppPlugin }) => {
  AnalyticsBrowser.load({ writeKey: 'k' }).register(InAppPlugin({ siteId: 's' }));
});
`;
    const result = migrated('a.js', code);
    expect(result.code).toBe(code);
    expect(result.byHand).toEqual([
      expect.stringMatching(/^2: `InAppPlugin`/),
      expect.stringMatching(/^1: Some names of @customerio\/cdp-analytics-browser have no counterpart/),
    ]);
    expect(result.next).toEqual([]);
  });

  test.each([
    [
      "import { User } from '@customerio/cdp-analytics-browser';\nnew User();",
      /`User` is only a type in cio-first-party/,
    ],
    ["start({ sdk: () => import('@customerio/cdp-analytics-browser') });", /passed on as a whole/],
    ["vi.mock('@customerio/cdp-analytics-browser', () => ({}));", /used as a text/],
    [
      "import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser/dist/pkg/browser';",
      /used as a text/,
    ],
    ["import('https://esm.sh/@customerio/cdp-analytics-browser@0.5');", /used as a text/],
    ['const code = `import "@customerio/cdp-analytics-browser"`;', /used as a text/],
    ["export * from '@customerio/cdp-analytics-browser';", /re-exports names/],
    ["export { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';", /re-exports names/],
    ["type Options = import('@customerio/cdp-analytics-browser').InitOptions;", /Use `AnalyticsOptions`/],
  ])('%s', (code, advice) => {
    const result = migrated('a.ts', code);
    expect(result.code).toBe(code);
    expect(result.byHand).toEqual([expect.stringMatching(advice)]);
  });

  test('a file that cannot be parsed is listed', () => {
    const code = "import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';\nconst = ;\n";
    const result = migrated('a.ts', code);
    expect(result.code).toBe(code);
    expect(result.byHand).toEqual([
      expect.stringMatching(/^1: This code cannot be parsed, and stays as it is: .*\(2:6\)/),
    ]);
  });
});
