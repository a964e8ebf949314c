// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { migrated, withImport, withOurImport } from './migrated.ts';

const LOAD = "AnalyticsBrowser.load({ writeKey: 'k' })";
const CREATE = "createAnalytics({ proxyUrl: '/e', clientKey: 'web' })";

describe('the pair that the vendor resolves to', () => {
  test.each([
    [`const [analytics] = await ${LOAD};`, `const analytics = ${CREATE};`],
    [`[this.analytics] = await ${LOAD};`, `this.analytics = ${CREATE};`],
    [`const analytics = (await ${LOAD})[0];`, `const analytics = ${CREATE};`],
    [`const pair = await ${LOAD};\npair[0].track('a');`, `const pair = ${CREATE};\npair.track('a');`],
    [`await ${LOAD};`, `${CREATE};`],
    [
      `${LOAD}.then(([analytics]) => analytics.track('a')).catch(report);`,
      `Promise.resolve(${CREATE}).then((analytics) => analytics.track('a')).catch(report);`,
    ],
    [`${LOAD}.then((pair) => use(pair[0]));`, `Promise.resolve(${CREATE}).then((pair) => use(pair));`],
    [
      `const a = ${LOAD};\nconst [b] = await a;\na.then(([c]) => c.page());`,
      `const a = ${CREATE};\nconst b = a;\nPromise.resolve(a).then((c) => c.page());`,
    ],
    [
      `const start = () => ${LOAD};\nconst [a] = await start();`,
      `const start = () => ${CREATE};\nconst a = await start();`,
    ],
    [
      `const a = ${LOAD};\na.user().then((user) => show(user.id()));`,
      `const a = ${CREATE};\nPromise.resolve(a.user()).then((user) => show(user.id()));`,
    ],
    [
      `class Service { private cio = ${LOAD}; async go() { const [a] = await this.cio; a.page(); } }`,
      `class Service { private cio = ${CREATE}; async go() { const a = this.cio; a.page(); } }`,
    ],
  ])('%s', (before, after) => {
    expect(migrated('a.ts', withImport(before))).toMatchObject({ code: withOurImport(after), byHand: [] });
  });

  test.each([
    `const [analytics, context] = await ${LOAD};`,
    `${LOAD}.then(([analytics, context]) => context);`,
    `${LOAD}.then(use);`,
    `${LOAD}.then((pair) => use(pair));`,
    `const pair = await ${LOAD};\nuse(pair);`,
    `const f = async () => await ${LOAD};`,
  ])('%s: the context is listed', (code) => {
    expect(migrated('a.ts', withImport(code)).byHand).toEqual([
      expect.stringMatching(/: The vendor resolves to a pair `\[analytics, context\]`/),
    ]);
  });
});

describe('new AnalyticsBrowser()', () => {
  test('with load beside it becomes one call', () => {
    expect(
      migrated(
        'a.ts',
        withImport(
          "export const a = new AnalyticsBrowser();\na.load({ writeKey: 'k' }, { initialPageview: true });\na.page();",
        ),
      ).code,
    ).toBe(
      withOurImport(
        "export const a = createAnalytics({ proxyUrl: '/e', clientKey: 'web', pageViews: 'load' });\na.page();",
      ),
    );
  });

  test('with load in another function waits for consent, as the calls before load wait', () => {
    expect(
      migrated(
        'a.ts',
        withImport(
          "const a = new AnalyticsBrowser();\nbanner.onAccept(() => a.load({ writeKey: 'k' }));\nbanner.onYes(() => { go(); });",
        ),
      ).byHand,
    ).toHaveLength(1);
    expect(
      migrated(
        'a.ts',
        withImport(
          "const a = new AnalyticsBrowser();\nbanner.onAccept(() => {\n  a.load({ writeKey: 'k' });\n});",
        ),
      ),
    ).toMatchObject({
      code: withOurImport(
        "const a = createAnalytics({ proxyUrl: '/e', clientKey: 'web', consent: 'pending' });\nbanner.onAccept(() => {\n  a.consent.grant();\n});",
      ),
      byHand: [],
    });
  });

  test('without load in the file is listed', () => {
    const code = withImport('export const context = create({ a: new AnalyticsBrowser() });');
    expect(migrated('a.ts', code)).toMatchObject({
      code,
      byHand: [expect.stringMatching(/^2: The call of `load` for this instance was not found/)],
    });
  });
});

describe('an instance that a promise has', () => {
  const SDK = "import('@customerio/cdp-analytics-browser')";
  const OURS = "import('cio-first-party')";

  test.each([
    [
      `async function get() { return ${LOAD}; }\nconst [a] = await get();\na.page();`,
      `async function get() { return ${CREATE}; }\nconst a = await get();\na.page();`,
    ],
    [
      `const get = async () => ${LOAD};\nconst pair = await get();\npair[0].page();\n(await get())[0].page();`,
      `const get = async () => ${CREATE};\nconst pair = await get();\npair.page();\n(await get()).page();`,
    ],
  ])('of an asynchronous function keeps its `await`: %s', (before, after) => {
    expect(migrated('a.ts', withImport(before))).toMatchObject({ code: withOurImport(after), byHand: [] });
  });

  test.each([
    ['.then(([a]) => a.page())', '', '.then((a) => a.page())', ''],
    ['', 'const [a] = await ', '', 'const a = await '],
  ])('of a module that is loaded later: %s %s', (behind, front, after, before) => {
    const old = `${front}${SDK}.then(({ AnalyticsBrowser }) =>\n${LOAD})${behind};`;
    const fresh = `${before}${OURS}.then(({ createAnalytics }) =>\n${CREATE})${after};`;
    expect(migrated('a.ts', old)).toMatchObject({ code: fresh, byHand: [] });
  });

  test.each([
    ['const [a, context] = await get();', 'The vendor resolves to a pair'],
    ['const pair = await get();\nuse(pair[0], pair[1]);', 'The vendor resolves to a pair'],
    ['use((await get())[1]);', 'The vendor resolves to a pair'],
  ])('with its context is listed: %s', (use, advice) => {
    const { byHand } = migrated('a.ts', withImport(`const get = () => ${LOAD};\n${use}`));
    expect(byHand).toEqual([expect.stringContaining(`3: ${advice}`)]);
  });
});

describe('uses of an instance', () => {
  test.each([
    [
      "a.addDestinationMiddleware('x', f);",
      '`addDestinationMiddleware` is not there. There are no device-mode destinations.',
    ],
    ['console.log(a.settings.writeKey);', '`settings` is not there.'],
    ["a.on('track', f).on('page', g);", '`on` returns a function that removes the listener'],
    ["const ctx = await a.track('x');", 'The promise of `track` resolves with a receipt'],
    ["a.identify('u').then((ctx) => ctx.event);", 'The promise of `identify` resolves with a receipt'],
    ['const ctx = await a.register(p);', 'The promise of `register` resolves without a value.'],
  ])('%s', (use, advice) => {
    expect(migrated('a.ts', withImport(`const a = ${LOAD};\n${use}`)).byHand).toEqual([
      expect.stringContaining(`3: ${advice}`),
    ]);
  });

  test.each([
    "a.track('x');",
    "await a.track('x');",
    "a.track('x').then(() => go());",
    "a.trackLink(link, 'x');",
    "a.on('track', f);",
    'other.addDestinationMiddleware(f);',
  ])('%s is not listed', (use) => {
    const result = migrated('a.ts', withImport(`const a = ${LOAD};\n${use}`));
    expect(result).toMatchObject({ code: withOurImport(`const a = ${CREATE};\n${use}`), byHand: [] });
  });
});
