// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { boundedPattern } from '../../../../src/sdk/messages/bounded-pattern.ts';
import { createPageRules, type RulePage } from '../../../../src/sdk/messages/page-rule.ts';

const told: string[] = [];
const mayShow = createPageRules((mistake) => told.push(mistake));
const page = (route: string, pathname = '/other'): RulePage => ({ route, pathname });

describe('a page rule', () => {
  test.each<[rule: string | undefined, page: RulePage, isShown: boolean]>([
    [undefined, page('home'), true],
    ['', page('home'), true],
    ['^(checkout)$', page('checkout'), true],
    ['^(checkout)$', page('home'), false],
    ['^(checkout)$', page('checkout/2'), false],
    ['checkout', page('the checkout page'), true],
    // The path counts without a name: the route is then the full URL.
    ['^(/Cart/1)$', page('https://shop.example/Cart/1?a=b', '/Cart/1'), true],
    ['^(.*shop.example.*)$', page('https://shop.example/Cart/1', '/Cart/1'), true],
    // The rule is case-sensitive.
    ['^(.*cart.*)$', page('https://shop.example/Cart/1', '/Cart/1'), false],
    ['^(.*Cart.*)$', page('https://shop.example/Cart/1', '/Cart/1'), true],
    ['^DO_NOT_DISPLAY_IN_APP$', page('DO_NOT_DISPLAY_IN_APP'), false],
    ['(', page('('), false],
    ['[', page('['), false],
    ['^(?!.*checkout).*$', page('checkout', '/checkout'), false],
    ['^(?!.*checkout).*$', page('home', '/home'), true],
    ['^(/products/\\d+|/sale)/?$', page('', '/products/12/'), true],
    ['^(/products/\\d+|/sale)/?$', page('', '/products/x'), false],
  ])('%s on %o: shown %s', (rule, where, isShown) => {
    expect(mayShow(rule, where)).toBe(isShown);
  });

  test('is named once if it cannot be tested, and never matches', () => {
    const mistakes: string[] = [];
    const rules = createPageRules((mistake) => mistakes.push(mistake));
    for (let i = 0; i < 3; i++) for (const rule of ['(', '(a)\\1', '(?<=a)b']) rules(rule, page('ab'));
    expect(mistakes).toHaveLength(3);
    expect(mistakes[0]).toContain('"("');
    rules('^DO_NOT_DISPLAY_IN_APP$', page('x'));
    rules('^fine$', page('x'));
    expect(mistakes).toHaveLength(3);
  });

  test.each([
    '(a+)+$',
    '^(a+)+$',
    '(a|a)*$',
    '(a|aa)+$',
    '^(.*)(.*)(.*)(.*)(.*)x$',
    '(.*a){12}x',
    '(?:(?=.*x)a)*$',
    '(a{0,500}){0,500}$',
    `(${'a?'.repeat(400)}){2}x`,
    '(?:){99999999}',
    '((((a*)*)*)*)*$',
    '('.repeat(5_000),
  ])('%s does not block the page on a URL of 5 000 characters', (rule) => {
    const long = `https://shop.example/${'a'.repeat(5_000)}!`;
    const rules = createPageRules(() => undefined);
    const startMs = performance.now();
    rules(rule, page(long, new URL(long).pathname));
    // 50 ms are the promise for a page. The machine that runs the tests may be busy with others.
    expect(performance.now() - startMs).toBeLessThan(250);
  });

  test('that took too long once is not tested again', () => {
    const mistakes: string[] = [];
    const rules = createPageRules((mistake) => mistakes.push(mistake));
    const rule = `(${'a?'.repeat(400)}){2}x`;
    const long = page('a'.repeat(5_000));
    expect(rules(rule, long)).toBe(false);
    expect(rules(rule, page('x'))).toBe(false);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain('too long');
  });
});

describe('a bounded pattern', () => {
  const random = sequence(7);

  test('returns what RegExp returns, for 4 000 patterns of all kinds on short texts', () => {
    const unequal: unknown[] = [];
    let tested = 0;
    for (let i = 0; i < 4_000; i++) {
      const source = randomPattern(3);
      let native: RegExp;
      try {
        native = new RegExp(source);
      } catch {
        expect(boundedPattern(source), source).toBeUndefined();
        continue;
      }
      const pattern = boundedPattern(source);
      if (!pattern) unequal.push([source, 'refused']);
      for (let j = 0; j < 12 && pattern; j++) {
        const text = Array.from({ length: random(7) }, () =>
          pickOne(['a', 'b', 'c', '-', ' ', '\n', '0']),
        ).join('');
        const isMatch = pattern(text);
        tested += 1;
        if (isMatch !== native.test(text)) unequal.push([source, text, isMatch]);
      }
    }
    expect(tested).toBeGreaterThan(10_000);
    expect(unequal).toEqual([]);
  });

  test.each([
    ['a{', 'a{', true],
    ['a{,3}', 'a{,3}', true],
    ['x]}', 'x]}', true],
    ['[]', 'a', false],
    ['[^]', '\n', true],
    ['[\\]]', ']', true],
    ['[a\\-z]', '-', true],
    ['\\x41\\u0042\\cI\\0', 'AB\t\0', true],
    ['\\/\\.\\?', '/.?', true],
    ['(?<name>a)b', 'ab', true],
    ['a{2,3}?$', 'aa', true],
    ['^a{2,}$', 'a', false],
    ['日本', 'x日本', true],
    ['^.$', '😀', false],
    ['^..$', '😀', true],
    ['', '', true],
    ['a||b', 'zz', true],
  ])('%s on %j: %s', (source, text, isMatch) => {
    expect(new RegExp(source).test(text)).toBe(isMatch);
    expect(boundedPattern(source)?.(text)).toBe(isMatch);
  });

  test.each(['(a)\\1', '(?<=a)b', '(?<!a)b', '(?<n>a)\\k<n>', '(', 'a**', 'a'.repeat(1_001), '(a{99}){99}'])(
    'refuses %s',
    (source) => {
      expect(boundedPattern(source)).toBeUndefined();
    },
  );

  function randomPattern(depth: number): string {
    const inner = (): string => randomPattern(depth - 1);
    const atom = (): string =>
      pickOne(['a', 'b', 'c', '.', '\\w', '\\d', '\\s', '[ab]', '[^a]', '\\-', '[a-c0]', '\\W']);
    if (!depth) return atom();
    return pickOne([
      atom,
      atom,
      () => inner() + inner(),
      () => inner() + inner(),
      () => `(${inner()}|${inner()})`,
      () => `${inner()}|${inner()}`,
      () => `(?:${inner()})${pickOne(['*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '+?', '??'])}`,
      () => `${atom()}${pickOne(['*', '+', '?', '{2}', '{1,2}'])}`,
      () => `(?=${inner()})`,
      () => `(?!${inner()})`,
      () => `^${inner()}`,
      () => `${inner()}$`,
      () => pickOne(['\\b', '\\B']) + inner(),
      () => '()',
    ])();
  }

  function pickOne<T>(from: readonly T[]): T {
    return from[random(from.length)] as T;
  }

  /** Whole numbers below `limit`, the same in every run. */
  function sequence(seed: number): (limit: number) => number {
    let value = seed;
    return (limit) => {
      value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((value / 2 ** 32) * limit);
    };
  }
});
