// @vitest-environment node
/** The tutorials of `docs/start` have the form that readers and `test/runtimes/start-pages.test.ts` rely on. */
import { describe, expect, test } from 'vitest';
import { pageText } from '../support/docs/documentation.ts';
import { programsOf, readTutorial } from '../support/docs/tutorial.ts';

const TUTORIALS = ['nextjs', 'vite-react', 'vue', 'sveltekit', 'script-tag', 'proxy-cli'];
const MOST_LINES = 150;
const MOST_COMMANDS = 5;

describe.each(TUTORIALS)('docs/start/%s.md', (name) => {
  const text = pageText(`docs/start/${name}.md`);
  const { steps, check } = readTutorial(text);
  const commands = steps.flatMap((step) => (step.kind === 'command' ? [step] : []));

  test(`has at most ${MOST_COMMANDS} commands up to the first event`, () => {
    expect(commands.flatMap(({ line }) => programsOf(line)).length).toBeLessThanOrEqual(MOST_COMMANDS);
  });

  test('says what each command prints or makes, or stores a value without output', () => {
    const silent = commands.filter(
      ({ line, expected }) => expected.length === 0 && !line.startsWith('echo '),
    );
    expect(silent.map(({ line }) => line).filter((line) => !line.includes('snippet'))).toEqual([]);
  });

  test('starts a server, and checks it', () => {
    expect(commands.some(({ isServer }) => isServer)).toBe(true);
    expect(steps.concat(check).some((step) => step.kind === 'command' && / check http/.test(step.line))).toBe(
      true,
    );
  });

  test(`has its sections, and at most ${MOST_LINES} lines`, () => {
    for (const heading of ['Before you start', 'Check that it works', 'If it does not work', 'Next'])
      expect(text).toContain(`\n## ${heading}\n`);
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_LINES);
  });
});

describe('the reading of a tutorial', () => {
  test('finds commands with their expected texts, files, changes and the click', () => {
    const page = [
      '# Start',
      '## 1. Run',
      '```sh\nnpm run dev\n```',
      'Expected: Next.js prints `Local: http://localhost:3000` and `Ready`. Open this URL and press **Buy**. See `other`.',
      '## 2. Write',
      '**A file**, `a/b.ts`:',
      '```ts\nconst a = 1;\n```',
      'Add the line with `+` to `c.ts`:',
      '```diff\n first\n+second\n```',
      '## Other\n',
      '```sh\nnever\n```',
    ].join('\n\n');
    expect(readTutorial(page).steps).toEqual([
      {
        kind: 'command',
        line: 'npm run dev',
        expected: ['Local: http://localhost:3000', 'Ready'],
        isServer: true,
      },
      { kind: 'press', url: 'http://localhost:3000', button: 'Buy' },
      { kind: 'file', file: 'a/b.ts', content: 'const a = 1;\n' },
      { kind: 'edit', file: 'c.ts', before: ['first'], after: ['first', 'second'] },
    ]);
  });

  test('takes the last line of a printed block as an expected text', () => {
    const page =
      '## 1. Run\n\n```sh\nnpx check\n```\n\nExpected, shortened:\n\n```text\npass\n\n2 passed\n```\n';
    expect(readTutorial(page).steps).toMatchObject([
      { kind: 'command', expected: ['2 passed'], isServer: false },
    ]);
  });

  test('refuses code that belongs to no file', () => {
    expect(() => readTutorial('## 1. Write\n\nWrite this.\n\n```ts\nconst a = 1;\n```\n')).toThrow(
      'The page names no file',
    );
  });

  test('counts each program of a line, and not the folder that the line makes', () => {
    expect(programsOf('mkdir shop && cd shop && npm init -y && npm install x')).toEqual([
      'npm init -y',
      'npm install x',
    ]);
  });
});
