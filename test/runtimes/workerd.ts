/** Runs one bundled module in Cloudflare's workerd, as a process of its own. */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { FOLDER } from './folder.ts';

interface Miniflare {
  readonly ready: Promise<URL>;
  dispose(): Promise<void>;
}

// Miniflare's own types exist only when this folder is installed; `npm run types` must work without.
const load = (): { Miniflare: new (options: object) => Miniflare } =>
  createRequire(import.meta.url)('miniflare') as { Miniflare: new (options: object) => Miniflare };

export interface Workerd {
  readonly origin: string;
  stop(): Promise<void>;
}

export interface WorkerSettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly compatibilityDate?: string;
  /** A folder whose files are served before the Worker receives a request. */
  readonly assets?: string;
  /** More options of Miniflare, such as queues. */
  readonly more?: object;
}

const COMPATIBILITY_DATE = '2026-04-01';

/** Miniflare's options for one Worker. */
async function workerOf(
  code: string,
  define: Readonly<Record<string, string>>,
  { env = {}, compatibilityDate = COMPATIBILITY_DATE, assets, more }: WorkerSettings,
): Promise<object> {
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
  return {
    modules: [{ type: 'ESModule', path: 'worker.js', contents: outputFiles[0]?.text ?? '' }],
    compatibilityDate,
    bindings: env,
    ...(assets && { assets: { directory: assets, routerConfig: { has_user_worker: true } } }),
    ...more,
  };
}

async function start(options: object): Promise<Workerd> {
  const { Miniflare } = load();
  const miniflare = new Miniflare(options);
  const { origin } = await miniflare.ready;
  return { origin, stop: () => miniflare.dispose() };
}

/**
 * @param code the text of a module in this folder; its imports are bundled as `wrangler` does, without
 * modules of Node
 */
export async function startWorkerd(
  code: string,
  define: Readonly<Record<string, string>> = {},
  settings: WorkerSettings = {},
): Promise<Workerd> {
  return start(await workerOf(code, define, settings));
}

/**
 * Starts several Workers with the same code, each an isolate of its own, that share one Durable Object. A
 * request's header `copy` selects the Worker by its number. `folder`: where the object stores its data.
 */
export async function startCopies(
  code: string,
  { count, binding, className, folder }: SharedObject,
  settings: WorkerSettings = {},
): Promise<Workerd> {
  const worker = await workerOf(code, {}, settings);
  const names = Array.from({ length: count }, (_, i) => `copy${i}`);
  const copies = names.map((name, i) => ({
    ...worker,
    name,
    durableObjects: { [binding]: { className, useSQLite: true, ...(i > 0 && { scriptName: names[0] }) } },
  }));
  const door = {
    name: 'door',
    compatibilityDate: COMPATIBILITY_DATE,
    modules: [{ type: 'ESModule', path: 'door.js', contents: DOOR }],
    serviceBindings: Object.fromEntries(names.map((name) => [name, name])),
  };
  return start({ workers: [door, ...copies], durableObjectsPersist: folder });
}

export interface SharedObject {
  readonly count: number;
  readonly binding: string;
  readonly className: string;
  readonly folder: string;
}

const DOOR = `export default {
  fetch: (request, env) => env['copy' + request.headers.get('copy')].fetch(request),
};`;
