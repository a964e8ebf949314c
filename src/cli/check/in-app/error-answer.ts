import type { ProbeAnswer } from '../probe.ts';

/** The body of an error of the proxy. */
export interface ErrorAnswer {
  /** The code of the error, such as `not_found`; empty when the body is not an error of the proxy. */
  readonly code: string;
  /** The option that the proxy names as missing, such as `inApp`; empty without one. */
  readonly missingOption: string;
}

/** Reads the code and the missing option in the body of an error. */
export function readErrorAnswer({ text }: Pick<ProbeAnswer, 'text'>): ErrorAnswer {
  const { error, message } = fieldsIn(text);
  const [, missingOption = ''] = /option "(\w{1,40})" is missing/.exec(String(message)) ?? [];
  const code = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : '';
  return { code, missingOption };
}

function fieldsIn(text: string): { readonly error?: unknown; readonly message?: unknown } {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** Advice when the proxy has no in-app messages. */
export const CONFIGURE_IN_APP =
  'Set the option inApp of createProxy; of the command "proxy", the variable CIO_IN_APP_SITE_ID.';

/** Advice when the response is not one of the proxy. */
export const OTHER_SERVER =
  'Correct the URL, or let the servers in front pass all paths below /v1/messages/ and /v1/frame/ to the proxy: another server responds here.';

export const isHtml = (answer: Pick<ProbeAnswer, 'header'>): boolean =>
  /^text\/html\b/i.test(answer.header('Content-Type') ?? '');
