import { comeBackLater, refuse, type Refusal } from './answer.ts';

/** Says whether a client key may be used. */
export type KeyCheck = (key: string, request: Request) => boolean | Promise<boolean>;

export type CredentialCheck = (request: Request) => Promise<{ readonly kind: 'known' } | Refusal>;

/** Reads the `Authorization` of a request and judges it. Never answers `WWW-Authenticate: Basic`: browsers would prompt. */
export function createCredentialCheck(clientKeys: readonly string[] | KeyCheck): CredentialCheck {
  const isKnown = typeof clientKeys === 'function' ? clientKeys : createKeyList(clientKeys);
  return async (request) => {
    const [scheme = '', value = ''] = (request.headers.get('Authorization') ?? '').trim().split(/ +/, 2);
    if (scheme.toLowerCase() === 'bearer') {
      const message = 'Customer tokens are not configured on this proxy: send the client key as Basic.';
      return refuse(401, 'invalid_token', message, {
        headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
      });
    }
    const key = scheme.toLowerCase() === 'basic' ? readUserId(value) : null;
    if (key === null)
      return refuse(401, 'invalid_client_key', 'Authorization must be Basic, with the client key.');
    try {
      // Not merely truthy: a check written without care must not let everybody in.
      const verdict: unknown = await isKnown(key, request);
      if (verdict === true) return { kind: 'known' };
    } catch (cause) {
      const message = 'The client key could not be checked now.';
      return comeBackLater('key_check_failed', message, { detail: String(cause) });
    }
    return refuse(401, 'invalid_client_key', 'This proxy does not know the client key.');
  };
}

/** The part before the colon, of base64(utf8(user-id ':' password)). RFC 7617. */
function readUserId(credentials: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(credentials), (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).split(':')[0] || null;
  } catch {
    return null;
  }
}

function createKeyList(list: readonly string[]): KeyCheck {
  const keys = [...list];
  let digests: Promise<readonly Uint8Array[]> | undefined;
  return async (key) => {
    digests ??= Promise.all(keys.map(digest));
    const given = await digest(key);
    // Digests have one length, and every byte of every key is looked at: time tells nothing about a near miss.
    let matches = 0;
    for (const known of await digests) matches += sameBytes(known, given);
    return matches > 0;
  };
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

function sameBytes(left: Uint8Array, right: Uint8Array): 0 | 1 {
  let difference = left.length ^ right.length;
  left.forEach((byte, index) => (difference |= byte ^ (right[index] ?? 0)));
  return difference === 0 ? 1 : 0;
}
