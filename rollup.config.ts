import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import type { Plugin, ProgramNode, RollupLog, RollupOptions } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import esbuild from 'rollup-plugin-esbuild';
import license from 'rollup-plugin-license';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/**
 * The wrapped SDK is built from the sources in its package (its build targets ES5, with generators, and its root runs code
 * when it is loaded, which throws outside browsers), without the modules that its `Analytics` class imports and that never
 * run here, because its queue, user and group come from us. Each is replaced by the least that the class still asks of it.
 * The version is pinned exactly, and the build fails when one of them is not found any more.
 */
const SOURCES: Readonly<Record<string, string>> = {
  '@customerio/cdp-analytics-browser': '@customerio/cdp-analytics-browser/src/core/analytics/index.ts',
  '@customerio/cdp-analytics-core': '@customerio/cdp-analytics-core/src/index.ts',
};
const REPLACED: Readonly<Record<string, string>> = {
  // Ids, cookies and localStorage: src/customerio/identity.ts. The original writes and deletes the page's own key `test`.
  '/cdp-analytics-browser/src/core/user/index.ts': `
    export const getAvailableStorageOptions = undefined;
    export class UniversalStorage {}
    export class User {}
    export class Group {}`,
  // The queue: src/customerio/queue.ts.
  '/cdp-analytics-browser/src/core/queue/event-queue.ts': 'export class EventQueue {}',
  '/cdp-analytics-browser/src/lib/priority-queue/index.ts': 'export class PriorityQueue {}',
  '/cdp-analytics-browser/src/lib/priority-queue/persisted.ts': 'export class PersistedPriorityQueue {}',
  // The page's own global `analytics`, which nobody asks for here.
  '/cdp-analytics-browser/src/lib/get-global.ts': 'export const getGlobal = () => undefined;',
  // The same in fewer words.
  '/cdp-analytics-browser/src/lib/bind-all.ts': `
    export default function bindAll(object) {
      for (const name of Object.getOwnPropertyNames(object.constructor.prototype))
        if (name !== 'constructor' && typeof object[name] === 'function') object[name] = object[name].bind(object);
    }`,
  // What plugins ask of it comes with the first plugin: src/customerio/context.ts. Its metrics went to Customer.io's own host.
  '/cdp-analytics-browser/src/core/context/index.ts': `
    let last = 0;
    export class Context {
      constructor(event) { this.event = event; this.id = String(++last); }
    }
    export class ContextCancelation {
      constructor(options) { Object.assign(this, { retry: true, type: 'plugin Error', reason: '' }, options); }
    }`,
  // The same in fewer words.
  '/cdp-analytics-core/src/emitter/index.ts': `
    export class Emitter {
      callbacks = {};
      on(name, run) { (this.callbacks[name] ??= []).push(run); return this; }
      once(name, run) {
        const own = (...args) => { this.off(name, own); run.apply(this, args); };
        return this.on(name, own);
      }
      off(name, run) { this.callbacks[name] = this.callbacks[name]?.filter((each) => each !== run); return this; }
      emit(name, ...args) { this.callbacks[name]?.forEach((run) => run.apply(this, args)); return this; }
    }`,
  // The original asks the queue twice, waits 300 ms before it calls back, and tells of each dispatch.
  '/cdp-analytics-core/src/analytics/dispatch.ts': `
    export const getDelay = undefined;
    export async function dispatch(context, queue, _emitter, { callback }) {
      const done = await queue.dispatch(context);
      if (callback) await Promise.resolve(done).then(callback).catch(() => {});
      return done;
    }`,
};

/** Ours, which do the same in fewer words. */
const REWRITTEN: Readonly<Record<string, string>> = {
  '/cdp-analytics-browser/src/core/events/index.ts': 'src/customerio/event-factory.ts',
  '/cdp-analytics-browser/src/core/arguments-resolver/index.ts': 'src/customerio/arguments.ts',
};

/**
 * Methods that are deprecated, or that only what is left out here would call. A plugin that calls one gets the same error
 * as for any other method that does not exist.
 */
const UNUSED_METHODS: Readonly<Record<string, ReadonlySet<string>>> = {
  '/cdp-analytics-browser/src/core/analytics/index.ts': new Set(
    (
      'trackClick trackLink trackSubmit trackForm debug addSourceMiddleware addDestinationMiddleware queryString use ' +
      'noConflict normalize failedInitializations initialize init pageview plugins Integrations push log timeout ' +
      'addIntegrationMiddleware listeners addEventListener removeAllListeners removeListener removeEventListener ' +
      'hasListeners add addIntegration storage initialized _debug register deregister ready VERSION'
    ).split(' '),
  ),
};

/** Expressions whose result nobody reads, or whose other branch never runs, and what is left of each. */
const REDUCED: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  // Queue, user and group are always given.
  '/cdp-analytics-browser/src/core/analytics/index.ts': [
    [/queue \?\? createDefaultQueue\([^;]*?\)(?=[;\n])/, 'queue'],
    [/user \?\? new User\([^;]*?\)\.load\(\)/, 'user'],
    [/group \?\? new Group\([^;]*?\)\.load\(\)/, 'group'],
    [/this\._universalStorage = new UniversalStorage\([^;]*?Options\(\w+\)\s*\)/, ''],
    [/const cookieOptions = .*/, ''],
    [/const disablePersistance = .*/, ''],
    // Asked by its own queue only.
    [/this\.settings\.timeout = .*/, ''],
    [/debug: this\._debug,\s*timeout: this\.settings\.timeout,?/, ''],
    // What is offline waits in our outbox.
    [/if \(isOffline\(\) && [^}]*\}/, ''],
  ],
};

function reduced(code: string, id: string): string {
  return (entryFor(REDUCED, id) ?? []).reduce((text, [found, left]) => {
    if (!found.test(text)) throw new Error(`The wrapped SDK has no ${found}: see REDUCED`);
    return text.replace(found, left);
  }, code);
}

/** Leaves these out of a module's classes, and fields that hold nothing yet. */
function withoutMethods(code: string, program: ProgramNode, names: ReadonlySet<string>): string {
  const found = new Set<string>();
  let result = '';
  let from = 0;
  for (const statement of program.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
    if (declaration?.type !== 'ClassDeclaration') continue;
    for (const member of declaration.body.body as unknown as readonly (Positioned & {
      readonly type: string;
      readonly key?: { readonly name?: string };
      readonly value?: unknown;
    })[]) {
      const name = member.key?.name ?? '';
      const isEmpty = member.type === 'PropertyDefinition' && !member.value;
      if (!names.has(name) && !isEmpty) continue;
      found.add(name);
      result += code.slice(from, member.start);
      from = member.end;
    }
  }
  const missing = [...names].filter((name) => !found.has(name));
  if (missing.length) throw new Error(`The wrapped SDK has no ${missing.join(', ')}: see UNUSED_METHODS`);
  return result + code.slice(from);
}

/** What a table that is keyed by the ends of paths says of a file. */
function entryFor<T>(table: Readonly<Record<string, T>>, id: string): T | undefined {
  const key = Object.keys(table).find((each) => id.endsWith(each));
  return key === undefined ? undefined : table[key];
}

interface Positioned {
  readonly start: number;
  readonly end: number;
}

/** The wrapped SDK without what never runs. Also used by the unit tests, so that they run what is shipped. */
export function slim(): Plugin {
  const used = new Set<string>();
  return {
    name: 'slim',
    async resolveId(source, importer, options) {
      if (!importer || source.startsWith('\0')) return null;
      const sources = SOURCES[source];
      if (sources) return this.resolve(sources, importer, options);
      if (!importer.includes('/cdp-analytics-')) return null;
      const found = await this.resolve(source, importer, { ...options, skipSelf: true });
      const id = found?.id.replaceAll('\\', '/').split('?', 1)[0] ?? '';
      const key = [REPLACED, REWRITTEN].flatMap(Object.keys).find((each) => id.endsWith(each));
      if (!key) return found;
      used.add(key);
      const ours = REWRITTEN[key];
      return ours ? path.resolve(ours) : `\0slim:${key}`;
    },
    load(id) {
      const code = id.startsWith('\0slim:') ? REPLACED[id.slice('\0slim:'.length)] : undefined;
      return code === undefined ? null : { code, moduleSideEffects: false };
    },
    transform: {
      // After esbuild has made JavaScript of it.
      order: 'post',
      handler(source, id) {
        const names = entryFor(UNUSED_METHODS, id);
        if (!names && !entryFor(REDUCED, id)) return null;
        const code = reduced(source, id);
        return { code: names ? withoutMethods(code, this.parse(code), names) : code, map: null };
      },
    },
    // Lazy parts of methods that src/customerio/analytics.ts does not call.
    resolveDynamicImport: (_specifier, importer) =>
      importer.includes('/core/analytics/') ? { id: 'left-out', external: true } : null,
    renderDynamicImport: ({ targetModuleId }) =>
      targetModuleId === 'left-out' ? { left: 'Promise.reject(Error(', right: '))' } : null,
    generateBundle() {
      const unused = [REPLACED, REWRITTEN].flatMap(Object.keys).filter((key) => !used.has(key));
      if (used.size && unused.length)
        this.error(`The wrapped SDK has no module ${unused.join(', ')}: see REPLACED and REWRITTEN`);
    },
  };
}

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
    // In a classic script `import()` would resolve against the page.
    renderDynamicImport: ({ targetModuleId }) =>
      classic && targetModuleId && files.has(targetModuleId)
        ? { left: 'import(new URL(', right: ', cioBase).href)' }
        : null,
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
 * are the same in all files, which are built one by one. `test/unit/architecture.test.ts` looks after this list.
 */
export const INTERNAL_NAMES: readonly string[] = (
  'accounts captured clearOwn comeBack erase evicted gained groupOptions guard handOver hasHeir heard idle ' +
  'inMemory inTime isThere keepaliveRoom leads leaving lifecycle maxHeld moved newCall onClose onDenied onEvicted ' +
  'onHealed onLost onOpen onOpened onReadsGzip onStored onUnauthorized personal quietMs readsGzip recovery refuse ' +
  'remembered sender setQuiet settled stops tooLate transport unlessHeld unsettled userOptions visitor wasOthers ' +
  'wipe wrapped writeHead'
).split(' ');

/** One letter for each of them. Nobody else has a property of one letter, which the tests see to. */
export const SHORT = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_';

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
const browser: Plugin[] = [
  slim(),
  resolve({ browser: true, extensions: ['.mjs', '.js', '.ts'] }),
  commonjs(),
  short,
];
const minify = terser({
  compress: { passes: 3, ecma: 2020 },
  format: { comments: /^!/, ecma: 2020 },
  mangle: true,
});

/** For the `integrity` of a script tag that is written by hand. https://www.w3.org/TR/sri-2/ */
const printIntegrity: Plugin = {
  name: 'print-integrity',
  writeBundle({ file = '' }) {
    const hash = createHash('sha384').update(readFileSync(file)).digest('base64');
    this.info(`${file}: integrity="sha384-${hash}"`);
  },
};

const onwarn = (warning: RollupLog, warn: (warning: RollupLog) => void): void => {
  // Compiled to ES5, the wrapped SDK carries helpers that look at a top-level \`this\`.
  if (warning.code === 'THIS_IS_UNDEFINED' && warning.id?.includes('/node_modules/')) return;
  warn(warning);
};

const isNode = (id: string): boolean => id.startsWith('node:');
const isProxy = (id: string): boolean => id.endsWith('/proxy/index.ts');

const config: RollupOptions[] = [
  {
    input: 'src/index.ts',
    treeshake: 'smallest',
    plugins: [lazyFiles(false), ...browser, notices],
    onwarn,
    output: { file: 'dist/index.js', format: 'es', sourcemap: true },
  },
  {
    input: 'src/consent/index.ts',
    treeshake: 'smallest',
    plugins: [code],
    onwarn,
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
    onwarn,
    output: {
      file: 'dist/cio.js',
      format: 'iife',
      sourcemap: true,
      inlineDynamicImports: true,
      // Named elements of the page can pose as `document.currentScript`: https://github.com/advisories/GHSA-gcx4-mw62-g8wm
      intro:
        'const cioTag = document.currentScript instanceof HTMLScriptElement && document.currentScript, ' +
        'cioBase = cioTag ? cioTag.src : location.href;',
      plugins: [minify],
    },
  },
  {
    // Older browsers than those that run the SDK must understand it: their pages call it too.
    input: 'src/script/stub.ts',
    treeshake: 'smallest',
    plugins: [typescript({ target: 'es2018' })],
    onwarn,
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
  ].map(([input, file]): RollupOptions => ({
    input,
    plugins: [lazyFiles(false), ...browser, notices],
    onwarn,
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
    onwarn,
    output: { file, format: 'es', sourcemap: true },
  })),
  {
    input: 'src/cli/index.ts',
    // Whoever needs it has it beside this package.
    external: (id) => isNode(id) || isProxy(id) || id === 'redis',
    plugins: [resolve(), code],
    onwarn,
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
