import { inBytes, utf8 } from '../../protocol/wire.ts';
import type { Bytes } from '../lib/bytes.ts';
import { forEachSecret } from '../lib/secret.ts';
import { strictUtf8 } from '../lib/strict-utf8.ts';

/** The delivery or content for which the numbers of a message are counted: a delivery to one person, or a content that many visitors get. */
export type Reported =
  { readonly deliveryId: string } | { readonly contentId: number; readonly templateId: number };

/** The receiver of a message: a person, by the user id, or an anonymous visitor, by the guest id that the proxy has derived. */
export interface Recipient {
  readonly kind: 'person' | 'guest';
  readonly id: string;
}

/** The content of a handle: the receiver of the message, and the delivery or content. */
export interface HandleContent {
  readonly recipient: Recipient;
  readonly reported: Reported;
}

/**
 * Signs and verifies handles. A handle lets a page report about one message that the proxy has given to one person. Client keys are
 * public, so without the signature anybody could report any delivery of any person.
 */
export interface Handles {
  /** Signs a handle. @throws what the function of the secret throws */
  sign(content: HandleContent): Promise<string>;
  /** The content of a handle; `null`: the handle is forged, changed, expired, or signed with another secret. @throws as `sign` */
  verify(handle: string): Promise<HandleContent | null>;
}

const DAY_SECONDS = 86_400;
/** How long a handle is valid at least. A browser keeps reports that it cannot send for seven days; a message in the inbox may be opened later. */
const VALID_DAYS = 30;
/** Keeps the key apart from others that may be derived from the same secret. */
const PURPOSE = 'cio-first-party message handle v1';

/**
 * Makes the functions for handles. The key of the signatures is derived from `secret`, so that all copies of a proxy that have the same
 * secret accept each other's handles.
 *
 * @param secret returns the secret; called for each handle, so that a secret can be replaced while the proxy runs
 */
export function createHandles(secret: () => string | Promise<string>): Handles {
  const key = forEachSecret(secret, deriveKey);

  return {
    async sign({ recipient, reported }) {
      // The end is that of a day, so that a message has the same handle in all answers of a day.
      const today = Math.ceil(Date.now() / 1_000 / DAY_SECONDS);
      const expiresAt = (today + VALID_DAYS) * DAY_SECONDS;
      const ids =
        'deliveryId' in reported ? [reported.deliveryId] : [reported.contentId, reported.templateId];
      const payload = JSON.stringify([recipient.kind, recipient.id, expiresAt, ...ids]);
      const text = toBase64Url(inBytes(payload));
      const signature = new Uint8Array(await crypto.subtle.sign('HMAC', await key(), utf8Bytes(text)));
      return `${text}.${toBase64Url(String.fromCharCode(...signature))}`;
    },

    async verify(handle) {
      const [text = '', signature = '', ...rest] = handle.split('.');
      const bytes = fromBase64Url(signature);
      if (rest.length > 0 || bytes === null) return null;
      // `verify` compares in constant time.
      if (!(await crypto.subtle.verify('HMAC', await key(), bytes, utf8Bytes(text)))) return null;
      const payload = fromBase64Url(text);
      return payload && contentOf(JSON.parse(strictUtf8.decode(payload)) as unknown);
    },
  };
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', utf8Bytes(secret), 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8Bytes(PURPOSE) };
  const kind = { name: 'HMAC', hash: 'SHA-256', length: 256 };
  return crypto.subtle.deriveKey(how, material, kind, false, ['sign', 'verify']);
}

/** Reads the payload of a handle whose signature is right; `null` where it has expired. */
function contentOf(payload: unknown): HandleContent | null {
  const [kind, id, expiresAt, first, second] = Array.isArray(payload) ? (payload as readonly unknown[]) : [];
  if ((kind !== 'person' && kind !== 'guest') || typeof id !== 'string') return null;
  if (typeof expiresAt !== 'number' || expiresAt * 1_000 <= Date.now()) return null;
  const recipient = { kind, id } as const;
  if (typeof first === 'string') return { recipient, reported: { deliveryId: first } };
  if (typeof first !== 'number' || typeof second !== 'number') return null;
  return { recipient, reported: { contentId: first, templateId: second } };
}

function utf8Bytes(text: string): Bytes {
  return new Uint8Array(utf8.encode(text));
}

/** base64url without padding, RFC 4648 5, of a text whose characters are bytes. */
function toBase64Url(bytes: string): string {
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The bytes of a base64url text; `null` where it is none. A text that says the same bytes in another way is none: every handle has one form only. */
function fromBase64Url(text: string): Bytes | null {
  if (!/^[\w-]+$/.test(text)) return null;
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return toBase64Url(bytes) === text ? Uint8Array.from(bytes, (char) => char.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}
