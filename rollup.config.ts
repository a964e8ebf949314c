import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import type { OutputOptions, Plugin, RollupOptions } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import { toEs5 } from './build/es5.ts';
import { BUILT_FILES, type FileKind, MAPPED_KINDS, TYPED_ENTRIES } from './build/files.ts';
import { INTERNAL_NAMES, SHORT_NAMES } from './build/internal-names.ts';
import { lazyFiles } from './build/lazy-files.ts';
import { notices } from './build/notices.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const license = notices(version);

const typescript = (more: Parameters<typeof esbuild>[0] = {}): Plugin =>
  esbuild({
    target: 'es2022',
    include: /\.ts$/,
    exclude: [],
    tsconfig: false,
    define: { __VERSION__: JSON.stringify(version) },
    ...more,
  });
const code = typescript();
const shortened = typescript({
  mangleProps: new RegExp(`^(${INTERNAL_NAMES.join('|')})$`),
  mangleCache: Object.fromEntries(SHORT_NAMES),
});
const browser: Plugin[] = [resolve({ browser: true }), commonjs(), shortened];
const minify = terser({
  compress: { passes: 3, ecma: 2020 },
  format: { comments: /^!/, ecma: 2020 },
  mangle: true,
});

const minifyEs5 = terser({ compress: { passes: 3, ecma: 5 }, format: { comments: false, ecma: 5 } });
/** Browsers that are too old for the SDK have no `globalThis`, and must not fail because of the stub. */
const stub = typescript({
  target: 'es2018',
  define: { __VERSION__: JSON.stringify(version), globalThis: 'window' },
});

/** Prints the value for the `integrity` attribute of a script tag that is written by hand. https://www.w3.org/TR/sri-2/ */
const printIntegrity: Plugin = {
  name: 'print-integrity',
  writeBundle({ file = '' }) {
    const hash = createHash('sha384').update(readFileSync(file)).digest('base64');
    this.info(`${file}: integrity="sha384-${hash}"`);
  },
};

const isNode = (id: string): boolean => id.startsWith('node:');
/** Packages that only some commands need, with some settings: whoever needs one installs it beside this package. */
const OPTIONAL: ReadonlySet<string> = new Set(['redis', '@nats-io/jetstream', '@nats-io/transport-node']);
const isProxy = (id: string): boolean => id === path.resolve('src/proxy.ts');

/**
 * Remembers which element has loaded cio.js, and where its other files are: beside the script, and below the proxy where the
 * script has no address of its own, because it stands in the page, in a file with other scripts, or was evaluated.
 */
const CIO_INTRO =
  // Named elements of the page can pose as `document.currentScript`: https://github.com/advisories/GHSA-gcx4-mw62-g8wm
  `const cioTag = document.currentScript instanceof HTMLScriptElement && document.currentScript;
  const cioFiles = {};
  const cioImport = async (name) => {
    try {
      return await import(new URL(name, cioTag.src));
    } catch {
      const folder = new URL(cioFiles.proxyUrl.toString().replace(/\\/*$/, '/'), document.baseURI);
      return import(new URL(name, folder));
    }
  };`;

interface Build {
  readonly treeshake?: 'smallest';
  readonly external?: (id: string) => boolean;
  readonly plugins: Plugin[];
  readonly output: OutputOptions;
}

const BUILDS: Readonly<Record<FileKind, Build>> = {
  browser: {
    treeshake: 'smallest',
    plugins: [lazyFiles(false), ...browser, license],
    output: { format: 'es' },
  },
  plugin: {
    treeshake: 'smallest',
    plugins: [lazyFiles(false), ...browser, license],
    output: { format: 'es' },
  },
  consent: { treeshake: 'smallest', plugins: [code], output: { format: 'es' } },
  'consent-script': {
    treeshake: 'smallest',
    plugins: [code],
    output: { format: 'es', plugins: [minify] },
  },
  script: {
    treeshake: 'smallest',
    plugins: [lazyFiles(true), ...browser, license, printIntegrity],
    output: { format: 'iife', inlineDynamicImports: true, intro: CIO_INTRO, plugins: [minify] },
  },
  stub: {
    treeshake: 'smallest',
    plugins: [stub],
    output: { format: 'es', plugins: [minify] },
  },
  'stub-es5': {
    treeshake: 'smallest',
    plugins: [stub],
    output: { format: 'iife', strict: false, plugins: [toEs5, minifyEs5] },
  },
  'browser-lazy': {
    plugins: [lazyFiles(false), ...browser, license],
    output: { format: 'es', plugins: [minify] },
  },
  server: { external: isNode, plugins: [lazyFiles(false), resolve(), code], output: { format: 'es' } },
  'server-lazy': {
    external: isNode,
    plugins: [lazyFiles(false), resolve(), code, license],
    output: { format: 'es' },
  },
  cli: { external: isNode, plugins: [lazyFiles(false), resolve(), code], output: { format: 'es' } },
  'cli-lazy': {
    external: (id) => isNode(id) || isProxy(id) || OPTIONAL.has(id),
    plugins: [lazyFiles(false), resolve(), code],
    output: { format: 'es', paths: (id) => (isProxy(id) ? './proxy.js' : id) },
  },
  'cli-minified-lazy': {
    external: isNode,
    plugins: [resolve(), commonjs(), code, license],
    output: { format: 'es', plugins: [minify] },
  },
};

const config: RollupOptions[] = [
  ...BUILT_FILES.map(({ entry, file, kind }): RollupOptions => {
    const build = BUILDS[kind];
    const output = Object.assign({ sourcemap: MAPPED_KINDS.has(kind), file: `dist/${file}` }, build.output);
    return Object.assign({ input: entry }, build, { output });
  }),
  ...TYPED_ENTRIES.map((name): RollupOptions => ({
    input: `dist/.types/${name}.d.ts`,
    external: [/^node:/],
    plugins: [dts()],
    output: { file: `dist/${name}.d.ts`, format: 'es' },
  })),
];
export default config;
