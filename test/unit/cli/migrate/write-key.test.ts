// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { migrated, withImport, withOurImport } from './migrated.ts';

const CREATE = "createAnalytics({ proxyUrl: '/e', clientKey: 'web' });";

describe('the write key', () => {
  test('in the code must be rotated, and is never printed as a whole', () => {
    const { next } = migrated(
      'a.ts',
      withImport("AnalyticsBrowser.load({ writeKey: '44e3df5b84cde8138074' });"),
    );
    expect(next).toEqual([
      expect.stringMatching(/^2: The write key 44e3… was in the code of the page.*Rotate it/),
    ]);
  });

  test.each([
    'if (process.env.WRITE_KEY) AnalyticsBrowser.load({ writeKey: process.env.WRITE_KEY });',
    "if (process.env.WRITE_KEY !== '') AnalyticsBrowser.load({ writeKey: process.env.WRITE_KEY ?? '' });",
    'if (!props.key) stop();\nconst k = props.key;\nAnalyticsBrowser.load({ writeKey: k });',
  ])('on whose property code depends lists the condition: %s', (code) => {
    expect(migrated('a.ts', withImport(code)).byHand).toEqual([
      expect.stringMatching(/^2: `[\w.]+` held the write key, and is still used here\./),
    ]);
  });

  test('of each environment is masked', () => {
    const { next } = migrated(
      'a.ts',
      withImport("AnalyticsBrowser.load({ writeKey: isLive ? 'aaaa1111bbbb' : 'cccc2222dddd' });"),
    );
    expect(next.map((text) => /key (\S+) was/.exec(text)?.[1])).toEqual(['aaaa…', 'cccc…']);
  });

  test.each([
    "const key = 'k';",
    'const key = process.env.NEXT_PUBLIC_KEY;',
    "const key = import.meta.env.VITE_KEY ?? '';",
    'const key = process.env.KEY as string;',
  ])('goes with its variable, if nothing else reads it: %s', (declaration) => {
    const before = withImport(`${declaration}\n\nAnalyticsBrowser.load({ writeKey: key });`);
    const { code, byHand, next } = migrated('a.ts', before);
    expect({ code, byHand }).toEqual({ code: withOurImport(`\n${CREATE}`), byHand: [] });
    expect(next).toHaveLength(1);
  });

  test.each([
    'const key = readKey();',
    'export const key = process.env.KEY;',
    'const key = process.env.KEY, other = 1;',
  ])('stays in a variable that may have another purpose: %s', (declaration) => {
    const before = withImport(`${declaration}\nAnalyticsBrowser.load({ writeKey: key });`);
    expect(migrated('a.ts', before).code).toBe(withOurImport(`${declaration}\n${CREATE}`));
  });

  test('that a condition reads is listed, because the page would stop sending without it', () => {
    const { byHand } = migrated(
      'a.ts',
      withImport('const key = process.env.KEY;\nif (key) AnalyticsBrowser.load({ writeKey: key });'),
    );
    expect(byHand).toEqual([expect.stringMatching(/^3: `key` held the write key, and is still used here/)]);
  });

  test('that comes as a parameter is listed for a condition, and not for a list of dependencies', () => {
    const hook = (use: string): readonly string[] =>
      migrated(
        'a.ts',
        withImport(`function f({ key }) { ${use}; AnalyticsBrowser.load({ writeKey: key }); }`),
      ).byHand;
    expect(hook('if (!key) return')).toHaveLength(1);
    expect(hook('run([key])')).toEqual([]);
  });
});
