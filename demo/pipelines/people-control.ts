/** The endpoints under `/_control/people` by which a test says whom Customer.io knows, and what it is asked about them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson, readBody, sendJson } from '../http.ts';
import { arePeople } from './people.ts';
import { readServiceFaults, type Services } from './services.ts';

const MAX_BODY_BYTES = 1_000_000;

/** Answers one request whose path begins with `/_control/people`. */
export async function answerPeopleControl(
  services: Services,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { people } = services;
  const read = async (): Promise<unknown> => parseJson(String(await readBody(request, MAX_BODY_BYTES)));
  switch (`${request.method} ${path}`) {
    case 'GET /_control/people':
      return sendJson(response, 200, people.all());
    case 'PUT /_control/people': {
      const given = await read();
      if (!arePeople(given)) return sendJson(response, 400, { error: 'invalid_people' });
      people.replace(given);
      return sendJson(response, 200, people.all());
    }
    case 'DELETE /_control/people':
      services.forget();
      return sendJson(response, 200, {});
    case 'GET /_control/people/questions':
      return sendJson(response, 200, { questions: services.questions() });
    case 'POST /_control/people/faults': {
      const faults = readServiceFaults(await read());
      if (!faults.ok) return sendJson(response, 400, { error: 'invalid_faults', message: faults.message });
      services.setFaults(faults.fields);
      return sendJson(response, 200, services.faults());
    }
    default:
      return sendJson(response, 404, { error: 'not_found', message: `${request.method} ${path}` });
  }
}
