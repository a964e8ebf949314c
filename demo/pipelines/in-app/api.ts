/** The in-app API, as Customer.io's own plugin for the web uses it (customerio-gist-web 3.26.0). */
import { isObject, parseJson } from '../../http.ts';
import type { InAppMessage, People } from '../people.ts';
import { json, type Reply } from './reply.ts';
import type { InAppTarget } from './routes.ts';
import type { InAppSettings } from './settings.ts';

/** A request to the in-app API. */
export interface ApiRequest {
  readonly target: InAppTarget;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly siteId: string;
  readonly userId: string;
  readonly isGuest: boolean;
  readonly body: string;
}

export interface ApiNeeds {
  readonly people: People;
  readonly siteId: string;
  /** Messages for everybody, guests included. */
  readonly broadcasts: () => readonly InAppMessage[];
  readonly settings: () => InAppSettings;
}

export interface Api {
  /** Returns the response; `'stream'`: the request is accepted, and its response is a stream of events. */
  answer(request: ApiRequest): Reply | 'stream';
  /** Forgets which session has received which lists. */
  forgetSessions(): void;
}

const METHODS: Partial<Record<InAppTarget['route'], string>> = {
  queue: 'POST',
  seen: 'POST',
  shown: 'POST',
  opened: 'PATCH',
  branding: 'GET',
  templates: 'GET',
  stream: 'GET',
};

export function createInAppApi({ people, siteId, broadcasts, settings }: ApiNeeds): Api {
  const sessions = new Map<string, string>();
  const done = (wasFound: boolean): Reply => json(wasFound ? 200 : 404, {});

  function answerQueue({ query, userId, isGuest }: ApiRequest): Reply {
    const session = query.get('sessionId');
    if (session === null) return json(400, { error: 'sessionId' });
    const { queue } = settings();
    const headers = headersOf(settings());
    if (queue === 'empty') return json(204, undefined, headers);
    if (queue === 'unchanged') return json(304, undefined, headers);
    const person = people.find(userId);
    const own = [...(person?.inAppMessages ?? []), ...broadcasts()];
    const inAppMessages = isGuest ? own.filter(hasBroadcast) : own;
    const inboxMessages = isGuest ? [] : (person?.messages ?? []);
    if (!person && inAppMessages.length === 0) return json(204, undefined, headers);
    const lists = { inboxMessages, inAppMessages };
    const text = JSON.stringify([userId, lists]);
    if (queue === 'unchanged-by-session' && sessions.get(session) === text)
      return json(304, undefined, headers);
    sessions.set(session, text);
    return json(200, lists, headers);
  }

  return {
    answer(request) {
      const { target, method, userId, body } = request;
      const { route, id } = target;
      // A page that opens a link with `?cioPreviewId=` must not reach this path: previews belong to the vendor's editor.
      if (route === 'preview') return json(404, {});
      if (request.siteId !== siteId || userId === '') return json(401, { error: 'unauthorized' });
      if (method !== METHODS[route]) return json(405, { error: 'method' });
      switch (route) {
        case 'queue':
          return answerQueue(request);
        case 'seen':
          // Everybody gets a broadcast, so one person cannot remove it.
          return done(broadcasts().some(({ queueId }) => queueId === id) || people.remove(userId, id));
        case 'shown':
          return json(200, {});
        case 'opened': {
          const change = parseJson(body === '' ? '{"opened":true}' : body);
          const opened = isObject(change) ? change['opened'] : undefined;
          if (typeof opened !== 'boolean') return json(400, { error: 'opened' });
          return done(people.open(userId, id, opened));
        }
        case 'branding':
          return json(200, settings().branding);
        case 'templates':
          return json(200, settings().templates);
        case 'stream':
          return request.query.get('sessionId') === null ? json(400, { error: 'sessionId' }) : 'stream';
        default:
          return json(404, {});
      }
    },
    forgetSessions: () => sessions.clear(),
  };
}

/** Whether a message is also for visitors whom nobody has identified. */
function hasBroadcast({ properties }: InAppMessage): boolean {
  const gist = isObject(properties) ? properties['gist'] : undefined;
  return isObject(gist) && isObject(gist['broadcast']);
}

function headersOf({ pollingInterval, useSse, inboxEnabled }: InAppSettings): Record<string, string> {
  const given = {
    'x-gist-queue-polling-interval': pollingInterval,
    'x-cio-use-sse': useSse,
    'x-cio-inbox-enabled': inboxEnabled,
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
  );
}
