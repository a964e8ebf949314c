/**
 * Every JavaScript file of the package. The build, the sizes, the test of the imports and the map of the files in
 * `docs/architecture.md` are made from this table, so that a new file is one row.
 */
export interface BuiltFile {
  readonly entry: string;
  /** In `dist/`. */
  readonly file: string;
  readonly kind: FileKind;
  /**
   * Most bytes after `gzip -9` of what a visitor or a server loads first, by what is imported: `*`, or the names of some
   * exports. Minified files are measured as they are.
   */
  readonly budgets: Readonly<Record<string, number>>;
}

/**
 * - `browser`: for bundlers and module scripts, not minified
 * - `plugin`: the same without a source map, for a page that has Customer.io's SDK
 * - `consent`: the consent sources for bundlers; `consent-script`: the same for pages with the script tag
 * - `script`: classic script, self-contained
 * - `stub`: printed into pages, for browsers older than those that run the SDK
 * - `stub-es5`: printed into pages by tag managers, whose checks accept ES5 alone
 * - `browser-lazy`: loaded by the SDK when a page needs it, from beside the file that loads it
 * - `server`, `server-lazy`: for Node and other runtimes
 * - `cli`: the command line; `cli-lazy`: its part that an older version of Node cannot load; `cli-minified-lazy`: a part with a large
 *   package in it, loaded by the command that needs it
 */
export type FileKind =
  | 'browser'
  | 'plugin'
  | 'consent'
  | 'consent-script'
  | 'script'
  | 'stub'
  | 'stub-es5'
  | 'browser-lazy'
  | 'server'
  | 'server-lazy'
  | 'cli'
  | 'cli-lazy'
  | 'cli-minified-lazy';

const row = (
  kind: FileKind,
  file: string,
  entry: string,
  budgets: number | Readonly<Record<string, number>>,
): BuiltFile => ({ kind, file, entry, budgets: typeof budgets === 'number' ? { '*': budgets } : budgets });

export const BUILT_FILES: readonly BuiltFile[] = [
  row('browser', 'index.js', 'src/index.ts', { createAnalytics: 19_180 }),
  row('plugin', 'official.js', 'src/official.ts', { firstPartyDelivery: 12_000 }),
  row('consent', 'consent.js', 'src/consent.ts', { oneTrust: 1_900, '*': 5_650 }),
  row('consent-script', 'cio-choices.js', 'src/consent.ts', 5_650),
  row('script', 'cio.js', 'src/sdk/script/cio.ts', 19_780),
  row('stub', 'cio-stub.js', 'src/sdk/script/cio-stub.ts', 530),
  row('stub-es5', 'cio-stub-es5.js', 'src/sdk/script/tag-manager.ts', 1_200),

  row('browser-lazy', 'cio-advice.js', 'src/sdk/debug/advice.ts', 1_300),
  row('browser-lazy', 'cio-departure.js', 'src/sdk/core/departure.ts', 600),
  row('browser-lazy', 'cio-diagnosis.js', 'src/sdk/sender/diagnosis.ts', 1_500),
  row('browser-lazy', 'cio-display.js', 'src/sdk/messages/display/display.ts', 4_770),
  row('browser-lazy', 'cio-embeds.js', 'src/sdk/messages/embeds.ts', 600),
  row('browser-lazy', 'cio-lease.js', 'src/sdk/tabs/leader-lease.ts', 1_000),
  row('browser-lazy', 'cio-messages.js', 'src/sdk/messages/messages-client.ts', 7_250),
  row('browser-lazy', 'cio-middleware.js', 'src/sdk/plugins/source-middleware.ts', 7_000),
  row('browser-lazy', 'cio-mistakes.js', 'src/sdk/options/explain-mistakes.ts', 1_000),
  row('browser-lazy', 'cio-page-rules.js', 'src/sdk/messages/page-rule.ts', 1_400),
  row('browser-lazy', 'cio-pages.js', 'src/sdk/page-views/follow-titles.ts', 1_100),
  row('browser-lazy', 'cio-plugins.js', 'src/sdk/plugins/pipeline.ts', 2_000),
  row('browser-lazy', 'cio-private.js', 'src/sdk/private/private-client.ts', 13_000),
  row('browser-lazy', 'cio-reclaim.js', 'src/sdk/core/reclaim.ts', 2_400),
  row('browser-lazy', 'cio-recovery.js', 'src/sdk/outbox/recovery.ts', 4_000),
  row('browser-lazy', 'cio-sending.js', 'src/sdk/sender/sending.ts', 5_000),
  row('browser-lazy', 'cio-stream.js', 'src/sdk/messages/message-stream.ts', 900),
  row('browser-lazy', 'cio-tooltip.js', 'src/sdk/messages/display/tooltip.ts', 1_300),
  row('browser-lazy', 'cio-trace.js', 'src/sdk/debug/trace.ts', 1_000),
  row('browser-lazy', 'cio-vendor.js', 'src/sdk/client/vendor-calls.ts', 1_100),

  row('server', 'proxy.js', 'src/proxy.ts', { createProxy: 29_000, createForwarder: 8_350 }),
  row('server', 'nats.js', 'src/nats.ts', 3_500),
  row('server', 'redis.js', 'src/redis.ts', 2_500),
  row('server-lazy', 'proxy-compatibility.js', 'src/proxy/compatibility/compatibility.ts', 6_500),
  row('server-lazy', 'proxy-messages.js', 'src/proxy/messages/messages-entry.ts', 14_000),
  row('server-lazy', 'proxy-metrics.js', 'src/proxy/telemetry/metrics.ts', 1_500),
  row('server-lazy', 'proxy-private.js', 'src/proxy/private/lazy-entry.ts', 5_900),
  row('server-lazy', 'proxy-rate-limit.js', 'src/proxy/access/rate-limit.ts', 1_500),
  row('server-lazy', 'proxy-shared-claims.js', 'src/proxy/deduplicate/shared-claims.ts', 1_500),
  row('server-lazy', 'proxy-tokens.js', 'src/proxy/tokens/lazy-jose.ts', 13_600),

  row('cli', 'cli.js', 'src/cli/main.ts', {}),
  row('cli-lazy', 'cli-program.js', 'src/cli/program.ts', {}),
  row('cli-minified-lazy', 'cli-migrate.js', 'src/cli/migrate/run-migration.ts', {}),
];

/** Entries of the package that have a file of types of their own. */
export const TYPED_ENTRIES: readonly string[] = ['index', 'official', 'consent', 'proxy', 'nats', 'redis'];

/**
 * The kinds of files that have a source map: what applications import, and debug. A map of another file would be dead weight. The
 * proxy serves no map beside `cio.js` and the `cio-*.js`, and the command line and the lazy files of the server are not minified.
 * The maps contain the sources (`sourcesContent`), because the package has no folder `src`.
 */
export const MAPPED_KINDS: ReadonlySet<FileKind> = new Set(['browser', 'consent', 'server']);
