import type { SdkError, SdkErrorCode } from '../../protocol/errors.ts';
import type { JsonCall, MakeCall } from './contract.ts';

export interface JsonCallNeeds {
  readonly make: MakeCall;
  /** The error class of the page: see `PrivateNeeds`. */
  readonly SdkError: typeof SdkError;
  error(code: SdkErrorCode, message: string, options?: { cause?: unknown }): SdkError;
}

/** Private calls with a JSON body in both directions: see {@link JsonCall}. */
export function createJsonCall({ make, SdkError, error }: JsonCallNeeds): JsonCall {
  return (path, body, isRead) => {
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      // The browser finishes a write although the visitor leaves the page.
      keepalive: !isRead,
    };
    const failed = (what: string, cause?: unknown): SdkError =>
      error('private-call-failed', `${path}: ${what}`, { cause });
    const read = async (response: Response): Promise<Readonly<Record<string, unknown>>> => {
      // A write with the status 2xx has succeeded, even if the body of its response cannot be read or is not JSON.
      const isWritten = response.ok && !isRead;
      const text = await response.text().catch((cause: unknown) => {
        if (!isWritten) throw cause;
        return '';
      });
      const answer = jsonObjectIn(text);
      // The response to a read may be empty, too: there are no fields then.
      if (isWritten || (response.ok && (answer ?? !text))) return answer ?? {};
      const { error: code = response.ok ? 'without a JSON object' : '', message = '' } = answer ?? {};
      throw failed(`the response is ${response.status} ${String(code)} ${String(message)}`.trim(), response);
    };
    return make({ path, init, isRead }, read).catch((cause: unknown) => {
      throw cause instanceof SdkError ? cause : failed('there was no response, see the cause', cause);
    });
  };
}

/** Returns undefined for a text that is not a JSON object. */
function jsonObjectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
