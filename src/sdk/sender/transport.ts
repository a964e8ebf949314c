import type { Clock } from '../browser.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import { ACK_HEADER, utf8 } from '../../protocol/wire.ts';
import type { ProxyMemory } from './proxy-memory.ts';
import { outcomeOf, type Outcome } from './outcome.ts';

/** Sends batches to the proxy. */
export interface Transport {
  /**
   * Sends one batch, and returns the outcome. Never rejects.
   * @param jsons events, already serialised. An empty batch checks whether the proxy takes batches
   */
  send(jsons: readonly string[], options?: SendOptions): Promise<Outcome>;
  /**
   * Whether this event can be sent at once, in the last request of a page that is left. Always true, except where the event needs a
   * customer token (`private/authorized-delivery.ts`).
   */
  takes(json: string): boolean;
  /** How many bytes of bodies the browser still allows for requests that outlive this page. */
  keepaliveRoom(): number;
  /**
   * The page may never run again: sends bodies that are being compressed at once and uncompressed, if they are small enough to
   * outlive the page.
   */
  hurry(): void;
  /** Sends all later requests to this URL; without a URL, to the URL of the needs. */
  sendTo(url?: string): void;
  /** Aborts all requests that are in flight. */
  abort(): void;
}

/** How one request is sent. */
export interface SendOptions {
  /** The page is being left, and may be gone when the answer comes: the request must outlive it. */
  readonly leaving?: boolean | undefined;
  /** The body is not compressed. */
  readonly plain?: boolean | undefined;
  /**
   * Called when the request is sent. Returns the name of the request, with which its answer sets a cookie for the next page; nothing
   * if no page will need the cookie. `leaving`: whether the page is being left.
   */
  readonly ack?: ((leaving: boolean) => string | false | undefined) | undefined;
  /** Headers that replace the one with the client key. */
  readonly credentials?: CredentialHeaders;
  /** Redirects are followed, and the outcome has the last URL as `url`. */
  readonly follow?: boolean;
}

/** Headers that authorise a request. */
export type CredentialHeaders = Readonly<Record<string, string>>;

export interface TransportNeeds {
  readonly url: string;
  readonly clock: Clock;
  /** The header with the client key. */
  readonly clientKey: CredentialHeaders;
  readonly delivery: Pick<AnalyticsSettings['delivery'], 'compression' | 'credentials' | 'requestTimeoutMs'>;
  request(url: string, init: RequestInit): Promise<Response>;
  /** Compresses a text. Returns undefined where the browser cannot. */
  gzip(text: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Whether the proxy has said that it reads gzip. */
  readonly proxyMemory: Pick<ProxyMemory, 'get' | 'set'>;
}

// All keepalive requests of a page share 64 KiB of bodies. Earlier requests leave some of it to the last request of the page.
// https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
const KEEPALIVE_BYTES = 63 * 1024;
const KEEPALIVE_BODY_BYTES = 24 * 1024;
const WORTH_COMPRESSING = 500;
/**
 * A browser refuses a keepalive request sooner than this. A request that fails later was interrupted, perhaps by the back/forward
 * cache.
 */
const REFUSED_MS = 1_000;

export function createTransport(needs: TransportNeeds): Transport {
  const { clock, delivery } = needs;
  const inFlight = new Set<AbortController>();
  const compressing = new Set<() => void>();
  let { url } = needs;
  let keepaliveBytes = 0;
  let mayKeepAlive = true;
  // A refused keepalive request is repeated at once without keepalive, until such a repetition has got no answer either.
  let triesAtOnce = true;
  const room = (): number => KEEPALIVE_BYTES - keepaliveBytes;

  return {
    async send(jsons, { leaving = false, plain, ack, credentials, follow } = {}) {
      const text = `{"batch":[${jsons.join(',')}],"sentAt":"${new Date(clock.now()).toISOString()}"}`;
      const control = new AbortController();
      inFlight.add(control);
      // A page that is being left has no time to compress the body.
      if (
        leaving ||
        plain ||
        text.length < WORTH_COMPRESSING ||
        delivery.compression === 'off' ||
        !needs.proxyMemory.get('gzip')
      )
        return post();
      return new Promise((resolve) => {
        const go = (packed?: Uint8Array<ArrayBuffer>): void => {
          if (compressing.delete(hurry)) resolve(post(packed));
        };
        const hurry = (): void => {
          leaving = true;
          if (utf8.encode(text).byteLength <= room()) go();
        };
        compressing.add(hurry);
        needs.gzip(text).then(go, () => go());
      });

      async function post(packed?: Uint8Array<ArrayBuffer>): Promise<Outcome> {
        const bytes = packed ?? utf8.encode(text);
        const size = bytes.byteLength;
        const keepalive = leaving
          ? size <= room()
          : mayKeepAlive && size <= Math.min(room(), KEEPALIVE_BODY_BYTES);
        let isLate = false;
        const stop = clock.after(delivery.requestTimeoutMs, () => {
          isLate = true;
          control.abort();
        });
        const name = ack?.(leaving);
        const sentAtMs = clock.now();
        if (keepalive) keepaliveBytes += size;
        try {
          const response = await needs.request(url, {
            method: 'POST',
            headers: {
              ...(credentials ?? needs.clientKey),
              'Content-Type': 'application/json',
              ...(packed && { 'Content-Encoding': 'gzip' }),
              ...(name && { [ACK_HEADER]: name }),
            },
            body: bytes,
            keepalive,
            // The browser takes a cookie only from an answer to which it would send cookies. Where a request has a name, page and
            // proxy share an origin.
            credentials: name ? 'same-origin' : delivery.credentials,
            // A redirect that is followed may turn the POST into a GET, and its 200 would look like a delivery.
            redirect: follow ? 'follow' : 'manual',
            priority: 'low',
            signal: control.signal,
          });
          // Until the body of its answer is read, a keepalive request counts against the 64 KiB.
          const body = await response.text();
          mayKeepAlive = true;
          const { status, headers, redirected } = response;
          const outcome = outcomeOf({ status, headers, body }, clock.now());
          // A server in front of the proxy (a firewall, a body parser) may refuse compressed bodies, and let uncompressed ones pass.
          if (packed && status >= 400 && status !== 401 && outcome.kind !== 'busy') {
            const uncompressed = await post();
            if (status === 415 || uncompressed.kind === 'delivered') needs.proxyMemory.set('gzip', false);
            return uncompressed;
          }
          if (headers.get('Accept-Encoding')?.includes('gzip')) needs.proxyMemory.set('gzip', true);
          return { ...outcome, ...(redirected && { url: response.url }) };
        } catch {
          if (control.signal.aborted && !isLate) return { kind: 'aborted' };
          if (keepalive && !leaving && !isLate) {
            // Other scripts of the page may use up the 64 KiB: the next request has no keepalive. The first time, it follows at once.
            mayKeepAlive = false;
            if (triesAtOnce && clock.now() - sentAtMs < REFUSED_MS) {
              const outcome = await post(packed);
              triesAtOnce = outcome.kind !== 'unanswered';
              return outcome;
            }
          }
          return { kind: 'unanswered', status: 0 };
        } finally {
          stop();
          inFlight.delete(control);
          if (keepalive) keepaliveBytes -= size;
        }
      }
    },
    takes: () => true,
    keepaliveRoom: room,
    hurry: () => compressing.forEach((hurry) => hurry()),
    sendTo(target = needs.url) {
      url = target;
    },
    abort: () => inFlight.forEach((control) => control.abort()),
  };
}
