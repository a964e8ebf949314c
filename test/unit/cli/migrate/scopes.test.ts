// @vitest-environment node
/** Names that mean different variables at different places of a file. */
import { describe, expect, test } from 'vitest';
import { migrated, withImport, withOurImport } from './migrated.ts';

const LOAD = "AnalyticsBrowser.load({ writeKey: 'k' })";
const CREATE = "createAnalytics({ proxyUrl: '/e', clientKey: 'web' })";

describe('another variable with the name of the instance', () => {
  test.each([
    ['a parameter', 'function wait(a: Promise<[string]>) {\n  return a.then(([text]) => text);\n}'],
    ['a local variable', 'async function wait() {\n  const a = other();\n  const [text] = await a;\n}'],
    ['a parameter of a callback', 'list.map((a) => a.settings);'],
    ['a loop', 'for (const a of list) a.reset().then(go);'],
  ])('%s stays', (_, code) => {
    expect(migrated('a.ts', withImport(`export const a = ${LOAD};\n${code}`))).toMatchObject({
      code: withOurImport(`export const a = ${CREATE};\n${code}`),
      byHand: [],
    });
  });

  test('in a function, where the instance is a variable of another function', () => {
    const before = (made: string): string =>
      `function one() {\n  const a = ${made};\n  a.track('x');\n}\nfunction two(a) {\n  return a.then(([text]) => text);\n}`;
    expect(migrated('a.js', withImport(before(LOAD)))).toMatchObject({
      code: withOurImport(before(CREATE)),
      byHand: [],
    });
  });
});

describe('the instance itself', () => {
  test.each([
    ['in a nested function', 'function f() {\n  return a.settings;\n}'],
    ['as a typed parameter', 'function f(a: AnalyticsBrowser) {\n  return a.settings;\n}'],
    ['as a copy', 'function f() {\n  const b = a;\n  return b.settings;\n}'],
  ])('%s is followed', (_, code) => {
    const { byHand } = migrated('a.ts', withImport(`export const a = ${LOAD};\n${code}`));
    expect(byHand).toEqual([expect.stringContaining('`settings` is not there.')]);
  });

  test.each(['V.vue', 'V.svelte'])(
    'of one script of a component is known in its other script: %s',
    (file) => {
      const before = `<script>\n${withImport(`export const a = ${LOAD};`)}</script>\n<script setup>\na.then(([b]) => b.track('x'));\nconsole.log(a.settings);\n</script>\n`;
      const { code, byHand } = migrated(file, before);
      expect(code).toContain("Promise.resolve(a).then((b) => b.track('x'));");
      expect(byHand).toEqual([expect.stringContaining('7: `settings` is not there.')]);
    },
  );
});

describe('decorators and fields', () => {
  test.each([
    [
      'of TypeScript before the standard',
      '@Injectable()\nexport class S {\n  constructor(@Inject(K) k: string) {}\n}',
    ],
    ['of the standard', 'export @decorate class S {}'],
    ['with `accessor`', 'class S {\n  @track accessor x = 1;\n}'],
  ])('%s are read', (_, code) => {
    expect(migrated('a.ts', withImport(`${code}\nexport const a = ${LOAD};`))).toMatchObject({
      code: withOurImport(`${code}\nexport const a = ${CREATE};`),
      byHand: [],
    });
  });
});
