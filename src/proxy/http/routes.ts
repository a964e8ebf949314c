import {
  ATTRIBUTES_PATH,
  BATCH_PATH,
  CATEGORIES_PATH,
  INBOX_DELETE_PATH,
  INBOX_FETCH_PATH,
  INBOX_READ_PATH,
} from '../../protocol/wire.ts';

/** What a person with a token may ask for. */
export type PrivateRoute = 'attributes' | 'categories' | 'inbox-fetch' | 'inbox-read' | 'inbox-delete';

export const HEALTH_PATH = '/v1/health';
export const READY_PATH = '/v1/health/ready';

/** The paths of the proxy. Everything else does not exist. */
export type Route =
  | { readonly kind: 'batch' }
  | { readonly kind: 'private'; readonly call: PrivateRoute }
  | { readonly kind: 'health' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'script'; readonly name: string };

// The classic script and what it loads later; never a source map, never another folder.
const SCRIPT = /^\/(cio(?:-[\w-]+)?\.js)$/;

const PRIVATE_CALLS: ReadonlyMap<string, PrivateRoute> = new Map([
  [ATTRIBUTES_PATH, 'attributes'],
  [CATEGORIES_PATH, 'categories'],
  [INBOX_FETCH_PATH, 'inbox-fetch'],
  [INBOX_READ_PATH, 'inbox-read'],
  [INBOX_DELETE_PATH, 'inbox-delete'],
]);

export interface Places {
  /** `''` or `/e`. */
  readonly basePath: string;
  /** Below it, such as `/metrics`. */
  readonly metrics?: string | undefined;
}

/**
 * Which route a path names, or `null`. Doubled and trailing slashes mean nothing, but for metrics: what stands before the proxy
 * may keep others from that path, and knows it in one form.
 */
export function routeOf(pathname: string, { basePath, metrics }: Places): Route | null {
  if (metrics !== undefined && pathname === basePath + metrics) return { kind: 'metrics' };
  const path = pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  if (!path.startsWith(`${basePath}/`)) return null;
  const below = path.slice(basePath.length);
  if (below === BATCH_PATH) return { kind: 'batch' };
  if (below === HEALTH_PATH) return { kind: 'health' };
  if (below === READY_PATH) return { kind: 'ready' };
  const call = PRIVATE_CALLS.get(below);
  if (call !== undefined) return { kind: 'private', call };
  const name = SCRIPT.exec(below)?.[1];
  return name === undefined ? null : { kind: 'script', name };
}

/** As {@link routeOf}. `isAsWritten`: nobody has resolved dots or turned backslashes to come to this path. */
export function ownsPath(pathname: string, isAsWritten: boolean, places: Places): boolean {
  const route = routeOf(pathname, places);
  return route !== null && (isAsWritten || route.kind !== 'metrics');
}

/** Whether a request counts for `rateLimit.perAddress`: all to the paths that take something, whatever becomes of them. */
export function isCounted({ kind }: Route, method: string): boolean {
  return (kind === 'batch' || kind === 'private') && method !== 'OPTIONS';
}

const METHODS = {
  batch: ['POST', 'OPTIONS'],
  private: ['POST', 'OPTIONS'],
  health: ['GET', 'HEAD', 'OPTIONS'],
  ready: ['GET', 'HEAD', 'OPTIONS'],
  metrics: ['GET', 'HEAD'],
  script: ['GET', 'HEAD'],
} as const;

export function methodsOf(route: Route): readonly string[] {
  return METHODS[route.kind];
}
