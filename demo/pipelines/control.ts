/** The endpoints under `/_control` by which a test reads what came, and breaks things. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseJson, readBody, sendJson } from '../http.ts';
import { type PipelineFaults, readPipelineFaults } from './faults.ts';
import type { Ledger } from './ledger.ts';

export interface ControlNeeds {
  readonly ledger: Ledger;
  readonly faults: () => PipelineFaults;
  readonly setFaults: (faults: Partial<PipelineFaults>) => void;
}

/** Answers one request whose path begins with `/_control`. */
export async function answerControl(
  needs: ControlNeeds,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { ledger, faults, setFaults } = needs;
  switch (`${request.method} ${path}`) {
    case 'GET /_control/events':
      return sendJson(response, 200, { events: ledger.events() });
    case 'DELETE /_control/events':
      ledger.forgetEvents();
      return sendJson(response, 200, { events: [] });
    case 'GET /_control/requests': {
      const requests = ledger.requests();
      const bytes = requests.reduce((sum, each) => sum + each.bytes, 0);
      return sendJson(response, 200, { count: requests.length, bytes, requests });
    }
    case 'DELETE /_control/requests':
      ledger.forgetRequests();
      return sendJson(response, 200, { count: 0, bytes: 0, requests: [] });
    case 'GET /_control/faults':
      return sendJson(response, 200, faults());
    case 'POST /_control/faults': {
      const body = await readBody(request, 10_000);
      const read = readPipelineFaults(body && parseJson(body.toString()));
      if (!read.ok) return sendJson(response, 400, { error: 'invalid_faults', message: read.message });
      setFaults(read.fields);
      return sendJson(response, 200, faults());
    }
    default:
      return sendJson(response, 404, { error: 'not_found', message: `${request.method} ${path}` });
  }
}
