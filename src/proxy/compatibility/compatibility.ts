import type { BatchAnswer, RejectedEvent } from '../../protocol/wire.ts';
import type { CredentialCheck, Credentials } from '../access/client-key.ts';
import type { readBody } from '../http/body.ts';
import type { IncomingRequest } from '../http/request.ts';
import { type Answer, answerJson, comeBackLater, isRefusal, refuse, type Refusal } from '../http/response.ts';
import type { SdkCall } from '../http/routes.ts';
import type { admit } from '../ingest/admission.ts';
import type { AcceptBatch, ArrivedBatch, Ingest, IngestNeeds, isSmall } from '../ingest/ingest.ts';
import { acknowledgement } from '../ingest/acknowledgement-cookie.ts';
import { addCounts } from '../ingest/rejection-counts.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { TokenCheck } from '../tokens/contract.ts';
import { createAdmitEach } from './admit-each.ts';
import { createDeviceCheck } from './device-events.ts';
import { notSearched, refusalFor } from './refusal-for-sdk.ts';
import { readSdkBody, type SdkBody } from './sdk-body.ts';
import { asJson, hasKeyInHeaders, withClientKey } from './sdk-request.ts';
import { answerSettings } from './source-settings.ts';

/** The functions of the proxy are arguments, so that this file, which is loaded later, does not contain them again. */
export interface CompatibilityNeeds extends IngestNeeds {
  readonly acceptBatch: AcceptBatch;
  readonly admit: typeof admit;
  readonly checkCredentials: CredentialCheck;
  readonly checkToken: TokenCheck;
  readonly isSmall: typeof isSmall;
  readonly readBody: typeof readBody;
}

/** Serves the requests of Customer.io's own SDKs. */
export interface Compatibility {
  /** The handler of batches and single calls. `call`: `undefined` for the path of batches of this SDK. */
  ingestFor(call: SdkCall | undefined): Ingest;
  /** The settings that these SDKs read before their first event. */
  settings(key: string, incoming: IncomingRequest): Promise<Answer | Refusal>;
}

/** Larger batches are passed on in several parts; a batch of more parts than this is refused. */
const MOST_PARTS = 4;
/** A longer text in a body is no client key. */
const MOST_KEY_CHARACTERS = 1_000;

export function createCompatibility(needs: CompatibilityNeeds): Compatibility {
  const { acceptBatch, checkCredentials, findAuthorizer, maxEvents } = needs;
  const admitEach = createAdmitEach(needs);

  /** The client key is in a header, or in the body: `writeKey`. */
  async function credentialsOf(
    incoming: IncomingRequest,
    writeKey: string | undefined,
  ): Promise<Credentials | Refusal> {
    if (writeKey === undefined || writeKey.length > MOST_KEY_CHARACTERS)
      return refuse(401, 'invalid_client_key', 'Authorization Basic or "writeKey" must be the client key.');
    return checkCredentials(withClientKey(incoming, writeKey));
  }

  /** Passes on the events of a request, in parts of `maxEvents`. Returns the events that were refused alone. */
  async function acceptParts(
    call: SdkCall | undefined,
    { events, sentAt }: SdkBody,
    arrived: Omit<ArrivedBatch, 'admitted' | 'bytes'>,
    note: LogNote,
  ): Promise<readonly RejectedEvent[] | Refusal> {
    const rejected: RejectedEvent[] = [];
    let refusal: Refusal | undefined;
    const judgeDevice = createDeviceCheck(needs.checkToken, arrived.credentials.token);
    // A request without events is one part, with which a client tests its key.
    for (let from = 0; from === 0 || from < events.length; from += maxEvents) {
      const part = { events: events.slice(from, from + maxEvents), from, judgeDevice, sentAt };
      const admitted = await admitEach(part);
      if (isRefusal(admitted)) return admitted;
      refusal ??= admitted.refusal;
      rejected.push(...admitted.rejected);
      const { batch, bytes } = admitted;
      if (batch.acceptedEvents.length === 0 && events.length > 0) continue;
      const outcome = await acceptBatch({ ...arrived, admitted: batch, bytes }, note);
      if (isRefusal(outcome)) return batch.acceptedEvents.length > 1 ? notSearched(call, outcome) : outcome;
      rejected.push(...outcome);
    }
    // All parts together: each part has written its own count.
    if (rejected.length > 0) note.rejected = addCounts(rejected);
    // With no good event the whole request is refused, and its sender sees why.
    return refusal && note.events === undefined ? refusal : rejected;
  }

  function ingestFor(call: SdkCall | undefined): Ingest {
    const ingest: Ingest = async (original, info, note, lease) => {
      const receivedAtMs = Date.now();
      const incoming = asJson(original);
      const early = hasKeyInHeaders(incoming) ? await checkCredentials(incoming) : null;
      if (early?.kind === 'refused') return early;
      const down = needs.isSmall(incoming) ? undefined : needs.refusal?.();
      if (down) return down;
      const body = await needs.readBody(incoming, needs, lease);
      if (body.kind === 'refused') return body;
      note.bytes = body.length;
      const read = readSdkBody(body.bytes, call ?? 'batch');
      if (read.kind === 'refused') return read;
      const credentials = early ?? (await credentialsOf(incoming, read.writeKey));
      if (credentials.kind === 'refused') return credentials;
      if (read.events.length > maxEvents * MOST_PARTS)
        return refuse(413, 'too_many_events', `A batch may have at most ${maxEvents * MOST_PARTS} events.`);
      const authorize = await findAuthorizer(credentials.token);
      if (typeof authorize !== 'function') return authorize;
      // The events are copied into new batches, which are in memory together with the body.
      if (!lease.hold(body.length * 2))
        return comeBackLater('overloaded', 'The proxy is overloaded: send the request again.');

      const arrived = { credentials, authorize, receivedAtMs, incoming, info };
      const rejected = await acceptParts(call, read, arrived, note);
      if (isRefusal(rejected)) return rejected;
      if (rejected.length > 0) return answerJson(200, { success: true, rejected } satisfies BatchAnswer);
      return answerJson(200, { success: true } satisfies BatchAnswer, call ? {} : acknowledgement(incoming));
    };

    return async (incoming, info, note, lease) => {
      const outcome = await ingest(incoming, info, note, lease);
      return isRefusal(outcome) ? refusalFor(call, outcome) : outcome;
    };
  }

  return {
    ingestFor,
    async settings(encodedKey, incoming) {
      const key = decoded(encodedKey);
      if (key === null) return refuse(401, 'invalid_client_key', 'The path must have the client key.');
      const credentials = await checkCredentials(withClientKey(incoming, key));
      return credentials.kind === 'refused' ? credentials : answerSettings(key, incoming);
    },
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
