import type { BatchAnswer } from '../../protocol/wire.ts';
import type { CredentialCheck, Credentials } from '../access/client-key.ts';
import type { readBody } from '../http/body.ts';
import type { IncomingRequest } from '../http/request.ts';
import { type Answer, answerJson, comeBackLater, isRefusal, refuse, type Refusal } from '../http/response.ts';
import type { SdkCall } from '../http/routes.ts';
import type { Ingest, IngestNeeds, isSmall } from '../ingest/ingest.ts';
import { acknowledgement } from '../ingest/acknowledgement-cookie.ts';
import { type AcceptPartsNeeds, createAcceptParts } from './accept-parts.ts';
import { refusalFor } from './refusal-for-sdk.ts';
import { readSdkBody } from './sdk-body.ts';
import { withJsonType, hasKeyInHeaders, withClientKey } from './sdk-request.ts';
import { answerSettings } from './source-settings.ts';

/** The functions of the proxy are arguments, so that this file, which is loaded later, does not contain them again. */
export interface CompatibilityNeeds extends IngestNeeds, AcceptPartsNeeds {
  readonly checkCredentials: CredentialCheck;
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
  const { checkCredentials, findAuthorizer, maxEvents } = needs;
  const acceptParts = createAcceptParts(needs);

  /** The client key is in a header, or in the body: `writeKey`. */
  async function credentialsOf(
    incoming: IncomingRequest,
    writeKey: string | undefined,
  ): Promise<Credentials | Refusal> {
    if (writeKey === undefined || writeKey.length > MOST_KEY_CHARACTERS)
      return refuse(401, 'invalid_client_key', 'Authorization Basic or "writeKey" must be the client key.');
    return checkCredentials(withClientKey(incoming, writeKey));
  }

  function ingestFor(call: SdkCall | undefined): Ingest {
    const ingest: Ingest = async (original, info, note, lease) => {
      const receivedAtMs = Date.now();
      const incoming = withJsonType(original);
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

      const sender = { credentials, authorize, receivedAtMs, incoming, info };
      const rejected = await acceptParts(call, read, sender, note);
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
