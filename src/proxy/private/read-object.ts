import { refuse, type Refusal } from '../http/response.ts';
import type { BodyLease } from '../http/body-budget.ts';
import { readBody, textOfBody } from '../http/body.ts';
import type { IncomingRequest } from '../http/request.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { isRecord } from '../lib/is-record.ts';

const MOST_BODY_BYTES = 16_000;

/** Reads the body as a JSON object. An empty body counts as an empty object. */
export async function readObject(
  incoming: IncomingRequest,
  bodyTimeoutMs: number,
  note: LogNote,
  lease: BodyLease,
): Promise<{ readonly fields: Readonly<Record<string, unknown>> } | Refusal> {
  if (!incoming.hasBody() || incoming.headers.get('Content-Length') === '0') return { fields: {} };
  const body = await readBody(incoming, { maxBodyBytes: MOST_BODY_BYTES, bodyTimeoutMs }, lease);
  if (body.kind === 'refused') return body;
  note.bytes = body.length;
  const text = textOfBody(body.bytes);
  if (typeof text !== 'string') return text;
  if (text === '') return { fields: {} };
  try {
    const fields: unknown = JSON.parse(text);
    return isRecord(fields) ? { fields } : refuse(400, 'invalid_body', 'The body must be a JSON object.');
  } catch {
    return refuse(400, 'invalid_json', 'The body is not valid JSON.');
  }
}
