/** A stand-in for Customer.io's in-app service, as its own plugin for the web speaks to it (customerio-gist-web 3.26.0). */
import type { People } from './people.ts';
import type { Answer, Asked } from './contract.ts';

/** `undefined`: the path is not the in-app service's. */
export function answerInApp(people: People, siteId: string, asked: Asked): Answer | undefined {
  const { headers, method, path, query } = asked;
  const [, queueId] = /^\/api\/v1\/(?:messages|logs\/queue)\/([^/]+)$/.exec(path) ?? [];
  if (path !== '/api/v4/users' && queueId === undefined) return undefined;
  const userId = Buffer.from(String(headers['x-gist-encoded-user-token'] ?? ''), 'base64').toString();
  const answer = (status: number, body?: object): Answer => ({ service: 'in-app', userId, status, body });
  if (headers['x-cio-site-id'] !== siteId || userId === '') return answer(401, { error: 'unauthorized' });
  const done = (was: boolean): Answer => answer(was ? 200 : 404, {});
  switch (`${method} ${path.split('/', 4).join('/')}`) {
    case 'POST /api/v4/users': {
      if (query.get('sessionId') === null) return answer(400, { error: 'sessionId' });
      const person = people.find(userId);
      return person ? answer(200, { inboxMessages: person.messages, inAppMessages: [] }) : answer(204);
    }
    case 'PATCH /api/v1/messages':
      return done(people.open(userId, decodeURIComponent(queueId ?? '')));
    case 'POST /api/v1/logs':
      return done(people.remove(userId, decodeURIComponent(queueId ?? '')));
    default:
      return answer(405, { error: 'method' });
  }
}
