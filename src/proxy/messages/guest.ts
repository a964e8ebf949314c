import { utf8 } from '../../protocol/wire.ts';
import { forEachSecret } from '../lib/secret.ts';

/**
 * Makes the function that derives the guest id of an anonymous visitor, a UUID, from the visitor's anonymous id. The in-app service
 * returns the queue of whatever id it is sent: a page that could choose the id would read the messages of any person.
 *
 * @param secret returns the secret; called for each visitor. Another secret gives every visitor another id
 */
export function createGuests(secret: () => Promise<string>): (anonymousId: string) => Promise<string> {
  const key = forEachSecret(secret, async (current) =>
    crypto.subtle.importKey(
      'raw',
      new Uint8Array(utf8.encode(current)),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    ),
  );

  return async (anonymousId) => {
    const data = new Uint8Array(utf8.encode(anonymousId));
    return uuidOf(new Uint8Array(await crypto.subtle.sign('HMAC', await key(), data)));
  };
}

/** A UUID of version 4 whose random bits are the first of `bytes`. RFC 9562 5.4. */
function uuidOf(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, 16), (byte, index) => {
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, '0');
  }).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
