/** The endpoints under `/_control/in-app` by which a test sets messages and faults, and reads the requests. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, parseJson, readBody, sendJson } from '../../http.ts';
import type { InAppMessage } from '../people.ts';
import type { Services } from '../services.ts';
import { type InAppFault, readInAppFault } from './faults.ts';
import { readInAppSettings } from './settings.ts';
import type { Push } from './streams.ts';

const MAX_BODY_BYTES = 20_000_000;

/** Answers one request whose path begins with `/_control/in-app`. */
export async function answerInAppControl(
  { inApp, people }: Pick<Services, 'inApp' | 'people'>,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { faults, record, streams } = inApp;
  const read = async (): Promise<unknown> => parseJson(String(await readBody(request, MAX_BODY_BYTES)));
  const ok = (body: object): void => sendJson(response, 200, body);
  const wrong = (message: string): void => sendJson(response, 400, { error: 'invalid_control', message });
  const messages = (): object =>
    Object.fromEntries(
      Object.entries(people.all()).map(([id, { inAppMessages = [] }]) => [id, inAppMessages]),
    );

  switch (`${request.method} ${path}`) {
    case 'DELETE /_control/in-app':
      inApp.reset();
      return ok({});
    case 'GET /_control/in-app/messages':
      return ok(messages());
    case 'PUT /_control/in-app/messages': {
      const given = await read();
      if (!isObject(given) || !Object.values(given).every(areMessages))
        return wrong('Expected lists of messages by person');
      for (const [id, list] of Object.entries(given)) people.setInAppMessages(id, list as InAppMessage[]);
      return ok(messages());
    }
    case 'GET /_control/in-app/broadcasts':
      return ok(inApp.broadcasts());
    case 'PUT /_control/in-app/broadcasts': {
      const given = await read();
      if (!areMessages(given)) return wrong('Expected a list of messages');
      inApp.setBroadcasts(given);
      return ok(given);
    }
    case 'GET /_control/in-app/settings':
      return ok(inApp.settings());
    case 'POST /_control/in-app/settings': {
      const settings = readInAppSettings(await read());
      if (!settings.ok) return wrong(settings.message);
      inApp.setSettings(settings.fields);
      return ok(inApp.settings());
    }
    case 'GET /_control/in-app/faults':
      return ok(faults.all());
    case 'PUT /_control/in-app/faults': {
      const given = await read();
      if (!Array.isArray(given)) return wrong('Expected a list of faults');
      const fields = given.map(readInAppFault);
      for (const each of fields) if (!each.ok) return wrong(each.message);
      faults.replace(given as InAppFault[]); // each of them is checked
      return ok(faults.all());
    }
    case 'GET /_control/in-app/requests':
      return ok({ requests: record.all() });
    case 'DELETE /_control/in-app/requests':
      record.clear();
      return ok({ requests: [] });
    case 'GET /_control/in-app/streams':
      return ok({ users: streams.users() });
    case 'POST /_control/in-app/streams': {
      const push = readPush(await read());
      if (!push) return wrong('Expected {"userId"?, "event", "data"} or {"userId"?, "raw"}');
      return ok({ streams: streams.push(push.userId, push.push) });
    }
    case 'DELETE /_control/in-app/streams': {
      const [, query = ''] = (request.url ?? '').split('?', 2);
      return ok({ streams: streams.cut(new URLSearchParams(query).get('userId')) });
    }
    default:
      return sendJson(response, 404, { error: 'not_found', message: `${request.method} ${path}` });
  }
}

function areMessages(value: unknown): value is readonly InAppMessage[] {
  return Array.isArray(value) && value.every((each) => isObject(each) && typeof each['queueId'] === 'string');
}

function readPush(body: unknown): { readonly userId: string | null; readonly push: Push } | undefined {
  if (!isObject(body)) return undefined;
  const { userId = null, event, data = null, raw } = body;
  if (userId !== null && typeof userId !== 'string') return undefined;
  if (typeof raw === 'string') return { userId, push: { raw } };
  return typeof event === 'string' ? { userId, push: { event, data } } : undefined;
}
