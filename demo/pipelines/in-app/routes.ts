/** The paths of Customer.io's in-app service, and of the two hosts that serve the frame of a message. */

export const IN_APP_ROUTES = [
  'queue',
  'seen',
  'shown',
  'opened',
  'branding',
  'templates',
  'stream',
  'preview',
  'frame',
  'code',
] as const;

/**
 * - `queue`: `POST /api/v4/users`, the messages of a person
 * - `seen`: `POST /api/v1/logs/queue/{queueId}`
 * - `shown`: `POST /api/v1/logs/message/{messageId}`
 * - `opened`: `PATCH /api/v1/messages/{queueId}`
 * - `branding`, `templates`: `GET /api/v1/branding` and `GET /api/v1/templates`
 * - `stream`: `GET /api/v3/sse`, on the real-time host
 * - `preview`: `/api/v1/preview/{id}`, which a page must never request
 * - `frame`: files of the host `renderer.gist.build`
 * - `code`: files of the host `code.gist.build`
 */
export type InAppRoute = (typeof IN_APP_ROUTES)[number];

/** What a path addresses. */
export interface InAppTarget {
  readonly route: InAppRoute;
  /** The queue id, message id or preview id in the path, decoded; the path on its host for a file of the frame. */
  readonly id: string;
}

/** Base paths of the two hosts of the frame, for proxies that are configured with two different URLs. */
export const RENDERER_HOST = '/renderer-host';
export const CODE_HOST = '/code-host';

const FIXED: Readonly<Record<string, InAppRoute>> = {
  '/api/v4/users': 'queue',
  '/api/v1/branding': 'branding',
  '/api/v1/templates': 'templates',
  '/api/v3/sse': 'stream',
};

const WITH_ID: readonly (readonly [InAppRoute, RegExp])[] = [
  ['seen', /^\/api\/v1\/logs\/queue\/([^/]+)$/],
  ['shown', /^\/api\/v1\/logs\/message\/([^/]+)$/],
  ['opened', /^\/api\/v1\/messages\/([^/]+)$/],
  ['preview', /^\/api\/v1\/preview\/([^/]+)$/],
];

/**
 * Returns what a path addresses; `undefined`: the path is not of the in-app service. The files of the frame are below
 * the two base paths, and at the root as well, as on the real hosts: `/3.0/…` and `/renderer/<version>/…`.
 */
export function targetOf(path: string): InAppTarget | undefined {
  const fixed = FIXED[path];
  if (fixed) return { route: fixed, id: '' };
  for (const [route, pattern] of WITH_ID) {
    const [, id] = pattern.exec(path) ?? [];
    if (id !== undefined) return { route, id: decoded(id) };
  }
  if (path.startsWith(`${RENDERER_HOST}/`)) return { route: 'frame', id: path.slice(RENDERER_HOST.length) };
  if (path.startsWith(`${CODE_HOST}/`)) return { route: 'code', id: path.slice(CODE_HOST.length) };
  if (/^\/\d+\.\d+\//.test(path)) return { route: 'frame', id: path };
  return path.startsWith('/renderer/') ? { route: 'code', id: path } : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
