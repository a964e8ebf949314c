import {
  ATTRIBUTES_PATH,
  BATCH_PATH,
  CATEGORIES_PATH,
  EVENT_TYPES,
  type EventType,
  INBOX_DELETE_PATH,
  INBOX_FETCH_PATH,
  INBOX_READ_PATH,
  FRAME_PREFIX,
  MESSAGES_FETCH_PATH,
  MESSAGES_METRIC_PATH,
  MESSAGES_SEEN_PATH,
  MESSAGES_STREAM_PATH,
} from '../../protocol/wire.ts';

/** The calls for which a person needs a customer token. */
export type PrivateRoute = 'attributes' | 'categories' | 'inbox-fetch' | 'inbox-read' | 'inbox-delete';

/** The calls about in-app messages, of a person or of an anonymous visitor. */
export type MessageRoute = 'fetch' | 'seen' | 'metric';

/** The calls of other SDKs: a batch, or one event whose type is in the path. The path has the name, or its first letter. */
export type SdkCall = EventType | 'batch';
const SDK_CALLS: readonly SdkCall[] = ['batch', ...EVENT_TYPES];
// `/v1/track`, `/v1/t`, `/v1/b`, and the settings of a source.
const OF_OTHER_SDKS = /^\/v1\/(?:([a-z]+)|projects\/([^/]+)\/settings)$/;

/**
 * The path for liveness and readiness probes: 200 while the proxy runs, also while Customer.io is down. A proxy that runs then
 * responds 503, and browsers keep their events.
 */
export const HEALTH_PATH = '/v1/health';
/**
 * The path for alerts: 503 while Customer.io is down or refuses the write key, and while the proxy stops. As a readiness probe this
 * path would take all instances from the load balancer at once, and browsers would get no response of the proxy at all.
 */
export const READY_PATH = '/v1/health/ready';

/** The paths that the proxy serves. The response to every other path is 404. */
export type Route =
  /** `call`: the path is one of those that only other SDKs use. */
  | { readonly kind: 'batch'; readonly call?: SdkCall }
  /** The settings that other SDKs read before their first event. `key`: the client key, as it is encoded in the path. */
  | { readonly kind: 'settings'; readonly key: string }
  | { readonly kind: 'private'; readonly call: PrivateRoute }
  | { readonly kind: 'message'; readonly call: MessageRoute }
  | { readonly kind: 'message-stream' }
  /** A file of the page that draws in-app messages. `path` is below `/v1/frame/`. */
  | { readonly kind: 'frame'; readonly path: string }
  | { readonly kind: 'health' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'script'; readonly name: string };

// The file cio.js and the files cio-*.js that it loads later. Source maps and files of other folders do not match.
const SCRIPT = /^\/(cio(?:-[\w-]+)?\.js)$/;

const PRIVATE_CALLS: ReadonlyMap<string, PrivateRoute> = new Map([
  [ATTRIBUTES_PATH, 'attributes'],
  [CATEGORIES_PATH, 'categories'],
  [INBOX_FETCH_PATH, 'inbox-fetch'],
  [INBOX_READ_PATH, 'inbox-read'],
  [INBOX_DELETE_PATH, 'inbox-delete'],
]);

const MESSAGE_CALLS: ReadonlyMap<string, MessageRoute> = new Map([
  [MESSAGES_FETCH_PATH, 'fetch'],
  [MESSAGES_SEEN_PATH, 'seen'],
  [MESSAGES_METRIC_PATH, 'metric'],
]);

/** The options that decide which paths the proxy serves. */
export interface RoutePaths {
  /** The path under which the proxy is mounted: `''`, or one like `/e`. */
  readonly basePath: string;
  /** The path of metrics, below `basePath`, such as `/metrics`. */
  readonly metrics?: string | undefined;
  /** Whether the paths of other SDKs are served. */
  readonly compatibility?: boolean | undefined;
}

/**
 * The route of a path, or `null`. Doubled and trailing slashes are ignored, except in the path of metrics. A server in front of the
 * proxy may block exactly that path, and `//metrics` must not bypass the block.
 */
export function routeOf(pathname: string, { basePath, metrics, compatibility }: RoutePaths): Route | null {
  if (metrics !== undefined && pathname === basePath + metrics) return { kind: 'metrics' };
  const path = pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  if (!path.startsWith(`${basePath}/`)) return null;
  const below = path.slice(basePath.length);
  if (below === BATCH_PATH) return { kind: 'batch' };
  if (below === HEALTH_PATH) return { kind: 'health' };
  if (below === READY_PATH) return { kind: 'ready' };
  const call = PRIVATE_CALLS.get(below);
  if (call !== undefined) return { kind: 'private', call };
  const messageCall = MESSAGE_CALLS.get(below);
  if (messageCall !== undefined) return { kind: 'message', call: messageCall };
  if (below === MESSAGES_STREAM_PATH) return { kind: 'message-stream' };
  if (below.startsWith(FRAME_PREFIX)) return { kind: 'frame', path: below.slice(FRAME_PREFIX.length) };
  const [, shortOrLong = '', key] = (compatibility && OF_OTHER_SDKS.exec(below)) || [];
  if (key !== undefined) return { kind: 'settings', key };
  const sdkCall = SDK_CALLS.find((each) => each === shortOrLong || each[0] === shortOrLong);
  if (sdkCall !== undefined) return { kind: 'batch', call: sdkCall };
  const name = SCRIPT.exec(below)?.[1];
  return name === undefined ? null : { kind: 'script', name };
}

/**
 * Whether the path is one of the proxy's.
 *
 * @param isAsWritten whether the request had the path in these letters. Parsing a URL resolves dots and turns backslashes; a path
 * that was changed so is not that of metrics, for the same reason as in {@link routeOf}.
 */
export function ownsPath(pathname: string, isAsWritten: boolean, paths: RoutePaths): boolean {
  const route = routeOf(pathname, paths);
  return route !== null && (isAsWritten || route.kind !== 'metrics');
}

/** Whether a request counts for `rateLimit.perAddress`: every request to the paths of batches, settings, private calls and messages, also a refused one, except preflights. */
export function isCounted({ kind }: Route, method: string): boolean {
  const isCounted = /^(batch|private|settings)$/.test(kind) || kind.startsWith('message');
  return isCounted && method !== 'OPTIONS';
}

const METHODS = {
  batch: ['POST', 'OPTIONS'],
  private: ['POST', 'OPTIONS'],
  message: ['POST', 'OPTIONS'],
  'message-stream': ['GET', 'OPTIONS'],
  frame: ['GET', 'HEAD'],
  settings: ['GET', 'OPTIONS'],
  health: ['GET', 'HEAD', 'OPTIONS'],
  ready: ['GET', 'HEAD', 'OPTIONS'],
  metrics: ['GET', 'HEAD'],
  script: ['GET', 'HEAD'],
} as const;

/** The methods that a route accepts; the response to others is 405. */
export function methodsOf(route: Route): readonly string[] {
  return METHODS[route.kind];
}
