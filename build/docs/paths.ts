/** The paths of the proxy, with their methods. */
import { methodsOf, routeOf } from '../../src/proxy/http/routes.ts';
import * as routes from '../../src/proxy/http/routes.ts';
import * as wire from '../../src/protocol/wire.ts';

const METRICS = '/metrics';

/** The purpose of each path. */
const PURPOSES: Readonly<Record<string, string>> = {
  '/v1/batch':
    'a batch of events: `{ "batch": [events], "sentAt": "…" }`. See [wire format](wire-format.md).',
  '/v1/b':
    'a batch of another SDK. With `compatibility` only, as the next two. See [other SDKs](#other-sdks).',
  '/v1/track':
    'a single call of another SDK, whose type is in the path: `track`, `identify`, `page`, `screen`, `group` or `alias`, or its first letter',
  '/v1/projects/{client key}/settings': 'the settings that another SDK reads before its first event',
  '/v1/customers/attributes': 'a private call: the attributes of the person',
  '/v1/consent/categories':
    'a private call: the subscription topics of the person; the body `topics` changes them',
  '/v1/inbox/fetch': 'a private call: the messages of the inbox of the person, each with its handle',
  '/v1/inbox/mark-as-read': 'a private call: marks a message as read, or with `opened: false` as not read',
  '/v1/inbox/delete': 'a private call: deletes a message',
  '/v1/messages/fetch':
    'the in-app messages and the inbox of the person, or the messages of an anonymous visitor. See [messages](#in-app-messages).',
  '/v1/messages/seen': 'a message was shown: the service does not return it again',
  '/v1/messages/metric': 'a message was opened or clicked: the proxy makes the event',
  '/v1/messages/stream': 'new messages of the person, as server-sent events',
  '/v1/frame/index.html': 'the page that draws messages, and below `/v1/frame/` its files',
  '/v1/health': 'the process runs. See [health probes](../operate/health-probes.md).',
  '/v1/health/ready': 'the proxy can deliver',
  '/cio.js': 'the script, and the files `cio-*.js` that it loads later',
  [METRICS]:
    'metrics for Prometheus, at the path of the option `metrics`. See [metrics](../operate/metrics-and-alerts.md).',
};

/** A list of all paths. Private calls need a customer token. */
export function paths(): string {
  const ours = Object.entries({ ...wire, ...routes }).flatMap(([name, value]) =>
    name.endsWith('_PATH') && typeof value === 'string' ? [value] : [],
  );
  const missing = ours.filter((path) => !(path in PURPOSES));
  if (missing.length > 0) throw new Error(`build/docs/paths.ts has no purpose of ${missing.join(', ')}`);
  const lines = Object.entries(PURPOSES).map(([path, purpose]) => {
    const route = routeOf(path, { basePath: '', metrics: METRICS, compatibility: true });
    if (!route) throw new Error(`The proxy does not serve ${path}`);
    return `- \`${path}\` (${methodsOf(route).join(', ')}): ${purpose}`;
  });
  return `${lines.join('\n')}

Private calls need a customer token: see [user tokens](../guides/user-tokens/index.md).`;
}
