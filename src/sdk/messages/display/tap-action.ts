/** Actions of a tap that the page carries out. Every other action is reported only. */

export type TapAction =
  | { readonly kind: 'close' }
  | { readonly kind: 'snooze'; readonly minutes: number }
  | { readonly kind: 'load'; readonly url: string }
  | {
      readonly kind: 'message';
      readonly messageId: string;
      readonly properties: Readonly<Record<string, unknown>>;
    };

const GIST_URL = /^gist:\/\/(close|snooze|loadPage|showMessage)\/?(?:\?(.*))?$/is;
const SAFE_SCHEME = /^(?:https?|mailto):$/;
const SNOOZE_MINUTES = 60;
/** 30 days, as in Customer.io's own script. */
const MOST_SNOOZE_MINUTES = 43_200;

/** @param base the URL that a relative one is resolved against */
export function tapActionOf(action: string, base: string): TapAction | undefined {
  // Browsers disagree about the parts of a URL whose scheme they do not know (Chrome before 130 finds no host), so `URL` is not used.
  const [, verb = '', query = ''] = GIST_URL.exec(action) ?? [];
  const parameters = new URLSearchParams(query);
  switch (verb.toLowerCase()) {
    case 'close':
      return { kind: 'close' };
    case 'snooze': {
      const minutes = Math.floor(Number(parameters.get('showIn'))) || SNOOZE_MINUTES;
      return { kind: 'snooze', minutes: Math.min(Math.max(minutes, 1), MOST_SNOOZE_MINUTES) };
    }
    case 'loadpage': {
      const url = safeUrl(urlIn(query), base);
      return url === undefined ? undefined : { kind: 'load', url };
    }
    case 'showmessage': {
      const messageId = parameters.get('messageId');
      return messageId
        ? { kind: 'message', messageId, properties: decoded(parameters.get('properties')) }
        : undefined;
    }
    default:
      return undefined;
  }
}

/** Authors write the URL plainly, with its own `?` and `&`, or escape it: an escaped one has neither colon nor slash. */
function urlIn(query: string): string {
  const [, plain = ''] = /^url=(.*)$/is.exec(query) ?? [];
  return /[:/]/.test(plain) ? plain : (new URLSearchParams(query).get('url') ?? '');
}

/** The parser of URLs removes what hides a scheme from a comparison of texts, such as a line break in `java\nscript:`. */
function safeUrl(url: string, base: string): string | undefined {
  if (!url) return undefined;
  try {
    const { protocol, href } = new URL(url, base);
    return SAFE_SCHEME.test(protocol) ? href : undefined;
  } catch {
    return undefined;
  }
}

/** Base64 of the JSON of an object, of which a query may have turned each `+` into a space. */
function decoded(base64: string | null): Readonly<Record<string, unknown>> {
  try {
    const bytes = Uint8Array.from(atob((base64 ?? '').replace(/ /g, '+')), (one) => one.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
