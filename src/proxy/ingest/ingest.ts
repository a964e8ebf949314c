import type { BatchAnswer, RejectedEvent } from '../../protocol/wire.ts';
import { acknowledgement } from './acknowledgement-cookie.ts';
import { admit, type Admitted, type AdmissionLimits } from './admission.ts';
import type { Bytes } from '../lib/bytes.ts';
import { type Answer, answerJson, isRefusal, type Refusal } from '../http/response.ts';
import type { BodyLease } from '../http/body-budget.ts';
import { type BodyLimits, readBody } from '../http/body.ts';
import type { CredentialCheck, Credentials } from '../access/client-key.ts';
import type { PassOnce } from '../deduplicate/deduplicate.ts';
import type { IncomingRequest } from '../http/request.ts';
import { type LogNote, noteKeyName } from '../telemetry/request-log.ts';
import { createPassOn, type PassOnNeeds } from './pass-on.ts';
import type { AuthorizeEvents, FindAuthorizer } from '../tokens/authorize-events.ts';
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

/** Whether a request is too small to be refused before its body is read. */
export const isSmall = ({ headers }: Pick<IncomingRequest, 'headers'>): boolean =>
  !(Number(headers.get('Content-Length')) > SMALL_BYTES);

const SUCCESS = { success: true } satisfies BatchAnswer;
/** The response to batches whose events were all accepted: one shared object, so that its headers are made once. */
export const ACCEPTED: Answer = { .../*#__PURE__*/ answerJson(200, SUCCESS), isShared: true };

/** A batch whose events have all passed the rules, and the credentials of its sender. */
export interface ArrivedBatch {
  readonly admitted: Admitted;
  /** The body with the spans of the events. */
  readonly bytes: Bytes;
  readonly credentials: Credentials;
  readonly authorize: AuthorizeEvents;
  readonly receivedAtMs: number;
  readonly incoming: Pick<IncomingRequest, 'headers'>;
  readonly info: RequestInfo;
}

/** Passes on the events of a batch that the sender may send. Returns the events that were refused alone. */
export type AcceptBatch = (
  arrived: ArrivedBatch,
  note: LogNote,
) => Promise<readonly RejectedEvent[] | Refusal>;

/** Makes the function that checks whose events these are, and passes them on. */
export function createAcceptBatch(
  needs: Omit<IngestNeeds, 'checkCredentials' | 'findAuthorizer'>,
): AcceptBatch {
  const { timeoutMs } = needs;
  const passOnFor = createPassOn(needs);
  const passOnce: PassOnce =
    needs.passOnce ?? (({ acceptedEvents }, passOn) => passOn(acceptedEvents, () => {}));

  return async ({ admitted, bytes, credentials, authorize, receivedAtMs, incoming, info }, note) => {
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
    const result = await passOnce({ acceptedEvents: passed, clientKey, bytes, endsAt }, passOn, note);
    if (result.refusal) return result.refusal;

    if (result.rejected.length > 0) note.rejected = addCounts(result.rejected, note.rejected);
    note.events = (note.events ?? 0) + passed.length - result.rejected.length;
    return rejected.concat(result.rejected);
  };
}

/**
 * Makes the handler of batches: it checks the credentials, reads the body, checks the events, passes them on, and responds when
 * they are delivered.
 */
export function createIngest(
  needs: IngestNeeds,
  acceptBatch: AcceptBatch = createAcceptBatch(needs),
): Ingest {
  return async (incoming, info, note, lease) => {
    const receivedAtMs = Date.now();
    const credentials = await needs.checkCredentials(incoming);
    if (credentials.kind === 'refused') return credentials;
    noteKeyName(credentials, note);
    const authorize = await needs.findAuthorizer(credentials.token);
    if (typeof authorize !== 'function') return authorize;
    // Refused before its body is read, a batch that cannot be sent on costs little.
    const refusal = isSmall(incoming) ? undefined : needs.refusal?.();
    if (refusal) return refusal;
    const body = await readBody(incoming, needs, lease);
    if (body.kind === 'refused') return body;
    note.bytes = body.length;
    const { bytes } = body;
    const admitted = admit(bytes, needs);
    if (admitted.kind === 'refused') return admitted;

    const batch = { admitted, bytes, credentials, authorize, receivedAtMs, incoming, info };
    const rejected = await acceptBatch(batch, note);
    if (isRefusal(rejected)) return rejected;
    if (rejected.length > 0) return answerJson(200, { success: true, rejected } satisfies BatchAnswer);
    const cookie = acknowledgement(incoming);
    return cookie ? answerJson(200, SUCCESS, cookie) : ACCEPTED;
  };
}
