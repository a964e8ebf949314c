import type { BatchAnswer } from '../../protocol/wire.ts';
import { acknowledgement } from './acknowledgement-cookie.ts';
import { admit, type AdmissionLimits } from './admission.ts';
import { type Answer, answerJson, isRefusal, type Refusal } from '../http/response.ts';
import type { BodyLease } from '../http/body-budget.ts';
import { type BodyLimits, readBody } from '../http/body.ts';
import type { CredentialCheck } from '../access/client-key.ts';
import type { PassOnce } from '../deduplicate/deduplicate.ts';
import type { IncomingRequest } from '../http/request.ts';
import { type LogNote, noteKeyName } from '../telemetry/request-log.ts';
import { createPassOn, type PassOnNeeds } from './pass-on.ts';
import type { FindAuthorizer } from '../tokens/authorize-events.ts';
import type { ReplaceMetrics } from '../messages/batch-metrics.ts';
import { addCounts } from './rejection-counts.ts';
import type { RequestInfo } from './hooks.ts';

export interface IngestNeeds extends AdmissionLimits, BodyLimits, PassOnNeeds {
  readonly checkCredentials: CredentialCheck;
  /** The time for hooks and delivery together, in milliseconds. */
  readonly timeoutMs: number;
  readonly findAuthorizer: FindAuthorizer;
  /** Called only for batches with metrics. */
  readonly replaceMetrics: ReplaceMetrics;
  /** The refusal of all batches while Customer.io is down; `undefined` while batches are taken. */
  readonly refusal?: (() => Refusal | undefined) | undefined;
  /** Deduplication. Without it, a repeated event is sent again. */
  readonly passOnce?: PassOnce | undefined;
}

export type Ingest = (
  incoming: IncomingRequest,
  info: RequestInfo,
  note: LogNote,
  lease: BodyLease,
) => Promise<Answer | Refusal>;

/** Bodies up to this size are read also while Customer.io is down: a batch without events, by which senders check their key, is smaller. */
const SMALL_BYTES = 200;

const SUCCESS = { success: true } satisfies BatchAnswer;
/** The response to batches whose events were all accepted: one shared object, so that its headers are made once. */
export const ACCEPTED: Answer = { .../*#__PURE__*/ answerJson(200, SUCCESS), isShared: true };

/**
 * Makes the handler of batches: it checks the credentials, reads the body, checks the events, passes them on, and responds when
 * they are delivered.
 */
export function createIngest(needs: IngestNeeds): Ingest {
  const { timeoutMs } = needs;
  const passOnFor = createPassOn(needs);
  const passOnce: PassOnce =
    needs.passOnce ?? (({ acceptedEvents }, passOn) => passOn(acceptedEvents, () => {}));

  return async (incoming, info, note, lease) => {
    const receivedAtMs = Date.now();
    const credentials = await needs.checkCredentials(incoming);
    if (credentials.kind === 'refused') return credentials;
    noteKeyName(credentials, note);
    const authorize = await needs.findAuthorizer(credentials.token);
    if (typeof authorize !== 'function') return authorize;
    // Refused before its body is read, a batch that cannot be sent on costs little.
    const refusal =
      Number(incoming.headers.get('Content-Length')) > SMALL_BYTES ? needs.refusal?.() : undefined;
    if (refusal) return refusal;
    const body = await readBody(incoming, needs, lease);
    if (body.kind === 'refused') return body;
    note.bytes = body.length;
    const admitted = admit(body.bytes, needs);
    if (admitted.kind === 'refused') return admitted;

    const authorized = authorize(admitted.acceptedEvents, note);
    if (isRefusal(authorized)) return authorized;
    const replaced =
      admitted.metrics.length > 0
        ? await needs.replaceMetrics(authorized, admitted.metrics, credentials.token, note)
        : authorized;
    if (isRefusal(replaced)) return replaced;
    const { passed, rejected } = replaced;
    const endsAt = performance.now() + timeoutMs;
    const { headers } = incoming;
    const clientKey = credentials.key;
    const passOn = passOnFor({ admitted, receivedAtMs, headers, info, endsAt, clientKey }, note);
    const batch = { acceptedEvents: passed, clientKey, bytes: body.bytes, endsAt };
    const result = await passOnce(batch, passOn, note);
    if (result.refusal) return result.refusal;

    if (result.rejected.length > 0) note.rejected = addCounts(result.rejected, note.rejected);
    note.events = passed.length - result.rejected.length;
    const allRejected = rejected.concat(result.rejected);
    if (allRejected.length > 0)
      return answerJson(200, { success: true, rejected: allRejected } satisfies BatchAnswer);
    const cookie = acknowledgement(incoming);
    return cookie ? answerJson(200, SUCCESS, cookie) : ACCEPTED;
  };
}
