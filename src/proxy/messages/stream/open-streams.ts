import { comeBackLater, refuse, type Refusal } from '../../http/response.ts';
import { networkOf } from '../../lib/ip-network.ts';

/** The streams that are open, and their limits. */
export interface OpenStreams {
  /** Takes a place for a stream, or refuses it. @param address the visitor's IP address; `undefined` where it is not known */
  enter(address: string | undefined): StreamPlace | Refusal;
}

/** The place of one stream. */
export interface StreamPlace {
  readonly kind: 'place';
  /** Says for whom the stream is, and how it ends. A stream that is open for the same browser of the same person ends. */
  replace(key: string, end: () => void): void;
  /** Frees the place. */
  leave(): void;
}

const MOST_OF_ADDRESS = 50;
const MOST = 5_000;

export function createOpenStreams(): OpenStreams {
  const counts = new Map<string, number>();
  const ends = new Map<string, () => void>();
  let count = 0;

  return {
    enter(address) {
      const network = address === undefined ? null : networkOf(address);
      const ofNetwork = network === null ? 0 : (counts.get(network) ?? 0);
      if (count >= MOST)
        return comeBackLater('overloaded', 'The proxy is overloaded: send the request again.');
      if (ofNetwork >= MOST_OF_ADDRESS) {
        const headers = { 'Retry-After': '60' };
        return refuse(429, 'rate_limited', 'Too many streams are open: send the request again later.', {
          headers,
        });
      }
      count += 1;
      if (network !== null) counts.set(network, ofNetwork + 1);
      let isOpen = true;
      let own: { readonly key: string; readonly end: () => void } | undefined;
      return {
        kind: 'place',
        replace(key, end) {
          own = { key, end };
          const previous = ends.get(key);
          ends.set(key, end);
          previous?.();
        },
        leave() {
          if (!isOpen) return;
          isOpen = false;
          count -= 1;
          if (own && ends.get(own.key) === own.end) ends.delete(own.key);
          if (network === null) return;
          const left = (counts.get(network) ?? 1) - 1;
          if (left === 0) counts.delete(network);
          else counts.set(network, left);
        },
      };
    },
  };
}
