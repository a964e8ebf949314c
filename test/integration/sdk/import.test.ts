// @vitest-environment node
/** Importing the package uses no function of the browser, whichever functions exist. */
import { createContext, runInNewContext, Script } from 'node:vm';
import { build } from 'esbuild';
import { Window } from 'happy-dom';
import { describe, expect, test } from 'vitest';
import { BUILT_FILES } from '../../../build/files.ts';

/** The names that exist without any browser. */
const LANGUAGE = new Set(runInNewContext('Object.getOwnPropertyNames(globalThis)') as readonly string[]);

async function scriptOf(entry: string): Promise<Script> {
  const { outputFiles } = await build({
    entryPoints: [new URL(`../../../${entry}`, import.meta.url).pathname],
    bundle: true,
    write: false,
    format: 'cjs',
    target: 'es2022',
    define: { __VERSION__: '"0"' },
  });
  return new Script(outputFiles[0]?.text ?? 'throw new Error("Not built")');
}

/** Runs the script with only these names besides the language's own, and returns its exports. */
function exportsOf(script: Script, globals: Readonly<Record<string, unknown>>): readonly string[] {
  const module = { exports: {} };
  script.runInContext(createContext({ ...globals, module }));
  return Object.keys(module.exports);
}

const NAMES: Readonly<Record<string, string>> = {
  'src/index.ts': 'createAnalytics',
  'src/consent.ts': 'oneTrust',
  'src/sdk/debug/trace.ts': 'trace',
  'src/sdk/plugins/source-middleware.ts': 'applyMiddleware',
};

describe.each(
  BUILT_FILES.filter(({ kind }) => ['browser', 'consent', 'browser-lazy'].includes(kind)).map(
    ({ entry }) => [entry, NAMES[entry] ?? 'create'] as const,
  ),
)('%s', async (entry, name) => {
  const script = await scriptOf(entry);

  test('can be imported in an environment with only JavaScript', () => {
    expect(exportsOf(script, {})).toContain(name);
  });

  test('can be imported without any one of the browser’s globals', () => {
    const window = new Window();
    const names = Object.getOwnPropertyNames(window).filter((each) => !LANGUAGE.has(each));
    expect(names.length).toBeGreaterThan(300);
    const globals = Object.fromEntries(names.map((each) => [each, window[each as keyof Window]]));
    for (const missing of names) {
      const { [missing]: _, ...others } = globals;
      expect(exportsOf(script, others), missing).toContain(name);
    }
  });
});
