import type { BatchAnswer, RejectedEvent } from '../../protocol/wire.ts';
import { acknowledgement } from './acknowledgement-cookie.ts';
import { admit, type AdmissionLimits } from './admission.ts';
import { type Answer, answerJson, isRefusal, type Refusal } from '../http/response.ts';
import type { BodyLease } from '../http/body-budget.ts';
import { type BodyLimits, readBody } from '../http/body.ts';
import type { CredentialCheck } from '../access/client-key.ts';
import type { PassOnce } from '../deduplicate/deduplicate.ts';
import type { IncomingRequest } from '../http/request.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import { createPassOn, type PassOnNeeds } from './pass-on.ts';
import type { FindAuthorizer } from '../tokens/authorize-events.ts';
import type { RequestInfo } from './hooks.ts';

export interface IngestNeeds extends AdmissionLimits, BodyLimits, PassOnNeeds {
  readonly checkCredentials: CredentialCheck;
  /** For hooks and delivery together. */
  readonly timeoutMs: number;
  readonly findJudge: FindAuthorizer;
  /** Why no batch is taken now. */
  readonly refusal?: (() => Refusal | undefined) | undefined;
  /** Without it, what comes again is sent again. */
  readonly passOnce?: PassOnce | undefined;
}

export type Ingest = (
  incoming: IncomingRequest,
  info: RequestInfo,
  note: LogNote,
  lease: BodyLease,
) => Promise<Answer | Refusal>;

const SMALL_BYTES = 200;

const SUCCESS = { success: true } satisfies BatchAnswer;
/** Always the same, so that its headers are put together once. */
export const ACCEPTED: Answer = { .../*#__PURE__*/ answerJson(200, SUCCESS), isShared: true };

/** One batch, from the request to the answer: who, what, whether it may pass, and whether it has arrived. */
export function createIngest(needs: IngestNeeds): Ingest {
  const { timeoutMs } = needs;
  const passOnFor = createPassOn(needs);
  const passOnce: PassOnce =
    needs.passOnce ?? (({ acceptedEvents }, passOn) => passOn(acceptedEvents, () => {}));

  return async (incoming, info, note, lease) => {
    const receivedAtMs = Date.now();
    const credentials = await needs.checkCredentials(incoming);
    if (credentials.kind === 'refused') return credentials;
    const judge = await needs.findJudge(credentials.token);
    if (typeof judge !== 'function') return judge;
    // A body is not read that could not be sent on. One without events, by which senders ask for their key, is smaller than this.
    const refusal =
      Number(incoming.headers.get('Content-Length')) > SMALL_BYTES ? needs.refusal?.() : undefined;
    if (refusal) return refusal;
    const body = await readBody(incoming, needs, lease);
    if (body.kind === 'refused') return body;
    note.bytes = body.length;
    const admitted = admit(body.bytes, needs);
    if (admitted.kind === 'refused') return admitted;

    const judged = judge(admitted.acceptedEvents, note);
    if (isRefusal(judged)) return judged;
    const { passed, rejected } = judged;
    const endsAt = performance.now() + timeoutMs;
    const { headers } = incoming;
    const clientKey = credentials.key;
    const passOn = passOnFor({ admitted, receivedAtMs, headers, info, endsAt, clientKey }, note);
    const batch = { acceptedEvents: passed, clientKey, bytes: body.bytes, endsAt };
    const passage = await passOnce(batch, passOn, note);
    if (passage.refusal) return passage.refusal;

    if (passage.rejected.length > 0) note.rejected = counted(passage.rejected, note.rejected);
    note.events = passed.length - passage.rejected.length;
    const refused = rejected.concat(passage.rejected);
    if (refused.length > 0)
      return answerJson(200, { success: true, rejected: refused } satisfies BatchAnswer);
    const cookie = acknowledgement(incoming);
    return cookie ? answerJson(200, SUCCESS, cookie) : ACCEPTED;
  };
}

function counted(
  events: readonly RejectedEvent[],
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { ...before };
  for (const { error } of events) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
