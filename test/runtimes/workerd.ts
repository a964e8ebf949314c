/** Cloudflare's workerd, as a process of its own, with one bundled module in it. */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { FOLDER } from './folder.ts';

interface Miniflare {
  readonly ready: Promise<URL>;
  dispose(): Promise<void>;
}

// Its own types are there only once this folder is installed; `npm run types` works without.
const load = (): { Miniflare: new (options: object) => Miniflare } =>
  createRequire(import.meta.url)('miniflare') as { Miniflare: new (options: object) => Miniflare };

export interface Workerd {
  readonly origin: string;
  stop(): Promise<void>;
}

export interface WorkerSettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly compatibilityDate?: string;
  /** A folder whose files are served before the Worker is asked. */
  readonly assets?: string;
  /** What else Miniflare is told, as queues. */
  readonly more?: object;
}

/** `code`: the text of a module in this folder. What it imports is bundled with it, as `wrangler` does. No Node in it. */
export async function startWorkerd(
  code: string,
  define: Readonly<Record<string, string>> = {},
  { env = {}, compatibilityDate = '2026-04-01', assets, more }: WorkerSettings = {},
): Promise<Workerd> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: FOLDER },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    define,
    external: ['cloudflare:*'],
    logLevel: 'error',
  });
  const { Miniflare } = load();
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text ?? '' }],
    compatibilityDate,
    bindings: env,
    ...(assets && { assets: { directory: assets, routerConfig: { has_user_worker: true } } }),
    ...more,
  });
  const { origin } = await miniflare.ready;
  return { origin, stop: () => miniflare.dispose() };
}
