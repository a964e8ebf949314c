import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import type { Plugin, RollupOptions } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import license from 'rollup-plugin-license';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const LAZY: Readonly<Record<string, string>> = {
  './pipeline.ts': './cio-plugins.js',
  './source-middleware.ts': './cio-middleware.js',
  './sender/lease.ts': './cio-lease.js',
  './outbox/recovery.ts': './cio-recovery.js',
  './left-behind.ts': './cio-left-behind.js',
  './sender/diagnosis.ts': './cio-diagnosis.js',
  './insight/trace.ts': './cio-trace.js',
  './private-client.ts': './cio-private.js',
  './pages/follow.ts': './cio-pages.js',
  './options-mistakes.ts': './cio-mistakes.js',
  './tokens.ts': './proxy-tokens.js',
  './private.ts': './proxy-private.js',
  './rate-limit.ts': './proxy-rate-limit.js',
  './shared-claims.ts': './proxy-shared-claims.js',
  './metrics.ts': './proxy-metrics.js',
};

/** What few pages or proxies need: the same files for all builds, self-contained, beside whatever loads them. */
function lazyFiles(classic: boolean): Plugin {
  const files = new Set(Object.values(LAZY));
  return {
    name: 'lazy-files',
    resolveDynamicImport(specifier) {
      const file = typeof specifier === 'string' ? LAZY[specifier] : undefined;
      return file ? { id: file, external: true } : null;
    },
    // In a classic script `import()` would resolve against the page: see the intro of cio.js.
    renderDynamicImport: ({ targetModuleId }) =>
      classic && targetModuleId && files.has(targetModuleId) ? { left: 'cioImport(', right: ')' } : null,
  };
}

const bundled = new Map<string, string>();

/** Says in each bundle whose work is in it; the full licences of all bundles stand in one file. */
const notices: Plugin = license({
  banner: {
    commentStyle: 'ignored',
    content: `cio-first-party ${version} | MIT | bundles the packages listed in THIRD-PARTY-NOTICES.txt`,
  },
  thirdParty(dependencies) {
    for (const each of dependencies) {
      const holder = each.author?.name ?? each.repository;
      const head = [
        `${each.name} ${each.version} (${each.license})`,
        typeof holder === 'string' ? holder : holder?.url,
      ];
      bundled.set(`${each.name} ${each.version}`, [...head, '', each.licenseText ?? ''].join('\n').trim());
    }
    mkdirSync('dist', { recursive: true });
    const texts = [...bundled].sort(([one], [other]) => one.localeCompare(other)).map(([, text]) => text);
    writeFileSync('dist/THIRD-PARTY-NOTICES.txt', `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
  },
});

/**
 * Names that only our own files say to each other, in no text and to nobody else: gzip cannot shorten what is said once. They
 * are the same in all files, which are built one by one; those that are said most come first. `test/unit/architecture.test.ts` looks after this list.
 */
export const INTERNAL_NAMES: readonly string[] = (
  'ledger stops sender settle lifecycle transport evicted captured leaving visitor accounts diagnosis oldest ' +
  'kept leads remembered wipe guard unsaved refuse settled wake later moved wrapped recovery acks gained ' +
  'quietMs hasHeir isNews isThere passed inTime openDurable personal takes unlessHeld idle isOver ' +
  'note onFallback writeHead comeBack handOver heard inMemory newCall onClose acknowledge hold isNarrow ' +
  'sendTo onEvicted onHealed erase hasSettled maxHeld onOpen onOpened onReadsGzip onStored tooLate unsettled ' +
  'clearOwn examine gatherMs groupOptions isOut keepaliveRoom mayGo onDenied onLost onUnauthorized readsGzip ' +
  'setQuiet userOptions wasOthers ticket ours report newId releasedKey secret known adopt afterMs lead tell epoch begin hurry'
).split(' ');

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'.split('');

/** A letter for each of them, and then `$` with a letter. Nobody else has such a property, which the tests see to. */
export const SHORT: readonly string[] = [...LETTERS, ...LETTERS.map((letter) => `$${letter}`)];

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
const short = typescript({
  mangleProps: new RegExp(`^(${INTERNAL_NAMES.join('|')})$`),
  mangleCache: Object.fromEntries(INTERNAL_NAMES.map((name, i) => [name, SHORT[i] ?? name])),
});
const browser: Plugin[] = [resolve({ browser: true }), commonjs(), short];
const minify = terser({
  compress: { passes: 3, ecma: 2020 },
  format: { comments: /^!/, ecma: 2020 },
  mangle: true,
});

/** For the `integrity` of a script tag that is by hand. https://www.w3.org/TR/sri-2/ */
const printIntegrity: Plugin = {
  name: 'print-integrity',
  writeBundle({ file = '' }) {
    const hash = createHash('sha384').update(readFileSync(file)).digest('base64');
    this.info(`${file}: integrity="sha384-${hash}"`);
  },
};

const isNode = (id: string): boolean => id.startsWith('node:');
/** Packages that only some commands need, with some settings. */
const OPTIONAL: ReadonlySet<string> = new Set(['redis', '@nats-io/jetstream', '@nats-io/transport-node']);
const isProxy = (id: string): boolean => id.endsWith('/proxy/index.ts');

/**
 * What cio.js is loaded with, and where it looks for its other files: beside itself, and below the proxy where it has no address
 * of its own, because it stands in the page, in a file with other scripts, or was evaluated.
 */
const CIO_INTRO =
  // Named elements of the page can pose as `document.currentScript`: https://github.com/advisories/GHSA-gcx4-mw62-g8wm
  `const cioTag = document.currentScript instanceof HTMLScriptElement && document.currentScript;
  const cioFiles = {};
  const cioImport = async (name) => {
    try {
      return await import(new URL(name, cioTag.src).href);
    } catch {
      const folder = String(cioFiles.proxyUrl).replace(/\\/*$/, '/');
      return import(new URL(name, new URL(folder, document.baseURI)).href);
    }
  };`;

const config: RollupOptions[] = [
  {
    input: 'src/index.ts',
    treeshake: 'smallest',
    plugins: [lazyFiles(false), ...browser, notices],
    output: { file: 'dist/index.js', format: 'es', sourcemap: true },
  },
  {
    input: 'src/consent/index.ts',
    treeshake: 'smallest',
    plugins: [code],
    output: [
      { file: 'dist/consent.js', format: 'es', sourcemap: true },
      // For pages with the script tag, served beside it.
      { file: 'dist/cio-choices.js', format: 'es', sourcemap: true, plugins: [minify] },
    ],
  },
  {
    input: 'src/script/cio.ts',
    treeshake: 'smallest',
    plugins: [lazyFiles(true), ...browser, notices, printIntegrity],
    output: {
      file: 'dist/cio.js',
      format: 'iife',
      sourcemap: true,
      inlineDynamicImports: true,
      intro: CIO_INTRO,
      plugins: [minify],
    },
  },
  {
    // Older browsers than those that run the SDK must understand it: their pages call it too.
    input: 'src/script/stub.ts',
    treeshake: 'smallest',
    plugins: [typescript({ target: 'es2018' })],
    output: { file: 'dist/cio-stub.js', format: 'es', plugins: [minify] },
  },
  ...[
    ['src/customerio/pipeline.ts', 'dist/cio-plugins.js'] as const,
    ['src/customerio/source-middleware.ts', 'dist/cio-middleware.js'] as const,
    ['src/sender/lease.ts', 'dist/cio-lease.js'] as const,
    ['src/outbox/recovery.ts', 'dist/cio-recovery.js'] as const,
    ['src/left-behind.ts', 'dist/cio-left-behind.js'] as const,
    ['src/sender/diagnosis.ts', 'dist/cio-diagnosis.js'] as const,
    ['src/insight/trace.ts', 'dist/cio-trace.js'] as const,
    ['src/private-client.ts', 'dist/cio-private.js'] as const,
    ['src/pages/follow.ts', 'dist/cio-pages.js'] as const,
    ['src/options-mistakes.ts', 'dist/cio-mistakes.js'] as const,
  ].map(([input, file]): RollupOptions => ({
    input,
    plugins: [lazyFiles(false), ...browser, notices],
    output: { file, format: 'es', sourcemap: true, plugins: [minify] },
  })),
  ...[
    ['src/proxy/index.ts', 'dist/proxy.js', []] as const,
    ['src/proxy/tokens.ts', 'dist/proxy-tokens.js', [notices]] as const,
    ['src/proxy/private.ts', 'dist/proxy-private.js', []] as const,
    ['src/proxy/rate-limit.ts', 'dist/proxy-rate-limit.js', []] as const,
    ['src/proxy/shared-claims.ts', 'dist/proxy-shared-claims.js', []] as const,
    ['src/proxy/metrics.ts', 'dist/proxy-metrics.js', []] as const,
    ['src/nats/index.ts', 'dist/nats.js', []] as const,
    ['src/redis/index.ts', 'dist/redis.js', []] as const,
  ].map(([input, file, more]): RollupOptions => ({
    input,
    external: isNode,
    plugins: [lazyFiles(false), resolve(), code, ...more],
    output: { file, format: 'es', sourcemap: true },
  })),
  {
    input: 'src/cli/index.ts',
    // Whoever needs it has it beside this package.
    external: (id) => isNode(id) || isProxy(id) || OPTIONAL.has(id),
    plugins: [resolve(), code],
    output: {
      file: 'dist/cli.js',
      format: 'es',
      sourcemap: true,
      paths: (id) => (isProxy(id) ? './proxy.js' : id),
    },
  },
  ...['index', 'consent', 'proxy', 'nats', 'redis'].map((name): RollupOptions => ({
    input: name === 'index' ? 'dist/.types/index.d.ts' : `dist/.types/${name}/index.d.ts`,
    external: [/^node:/],
    plugins: [dts()],
    output: { file: `dist/${name}.d.ts`, format: 'es' },
  })),
];
export default config;
