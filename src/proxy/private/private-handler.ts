import { type Answer, refuse, type Refusal } from '../http/response.ts';
import type { BodyLease } from '../http/body-budget.ts';
import type { BodyLimits } from '../http/body.ts';
import type { CredentialCheck } from '../access/client-key.ts';
import type { IncomingRequest } from '../http/request.ts';
import { type LogNote, noteKeyName } from '../telemetry/request-log.ts';
import type { RequestInfo } from '../ingest/hooks.ts';
import { createPrivateCalls, type PrivateCallNeeds } from './private-calls.ts';
import { readObject } from './read-object.ts';
import type { PrivateRoute } from '../http/routes.ts';
import type { TokenCheck } from '../tokens/contract.ts';
import type { TokenVerificationOptions } from '../tokens/token-options.ts';

export interface PrivateHandlerNeeds extends PrivateCallNeeds, Pick<BodyLimits, 'bodyTimeoutMs'> {
  /** How customer tokens are checked. Without it, all private calls are refused (404). */
  readonly customerToken?: TokenVerificationOptions | undefined;
  readonly checkCredentials: CredentialCheck;
  readonly checkToken: TokenCheck;
}

export type PrivateHandler = (
  call: PrivateRoute,
  incoming: IncomingRequest,
  info: RequestInfo,
  note: LogNote,
  lease: BodyLease,
) => Promise<Answer | Refusal>;

/** Checks the client key and the customer token of a private call, and responds to the call. */
export function createPrivateHandler(needs: PrivateHandlerNeeds): PrivateHandler {
  const answerCall = createPrivateCalls(needs);

  return async (call, incoming, info, note, lease) => {
    const missing = missingOption(call, needs);
    if (missing !== null)
      return refuse(
        404,
        'not_found',
        `This proxy is not configured for it: the option "${missing}" is missing.`,
      );
    const credentials = await needs.checkCredentials(incoming, 'token');
    if (credentials.kind === 'refused') return credentials;
    noteKeyName(credentials, note);
    const verdict = await needs.checkToken(credentials.token ?? '');
    if (verdict.kind === 'refused') return verdict;
    const { subject } = verdict;

    const body = await readObject(incoming, needs.bodyTimeoutMs, note, lease);
    if ('kind' in body) return body;
    // The page and the token can belong to two people, for example after a logout: the data of one person is not sent
    // to the page of the other.
    const pageUserId = body.fields['userId'] ?? subject;
    if (pageUserId !== subject)
      return refuse(403, 'subject_mismatch', 'The customer token is not for "userId".');

    const answer = await answerCall(
      call,
      { subject, clientKey: credentials.key, fields: body.fields, headers: incoming.headers, info },
      note,
    );
    if (answer.kind === 'refused') return answer;
    return { ...answer, headers: { ...answer.headers, 'Cache-Control': 'no-store' } };
  };
}

/** The option that the call needs and the proxy does not have. */
function missingOption(
  call: PrivateRoute,
  { customerToken, appApi, inApp }: Pick<PrivateHandlerNeeds, 'customerToken' | 'appApi' | 'inApp'>,
): 'customerToken' | 'appApi' | 'inApp' | null {
  if (!customerToken || customerToken.mode === 'disabled') return 'customerToken';
  if (call === 'attributes' || call === 'categories') return appApi ? null : 'appApi';
  return inApp ? null : 'inApp';
}
