import type { Clock } from '../browser.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import { ACK_HEADER, utf8 } from '../../protocol/wire.ts';
import { BUSY, outcomeOf, type Outcome } from './outcome.ts';

/** Sends one body and says what came of it. */
export interface Transport {
  /** @param jsons events, already serialised; none at all asks whether the proxy takes batches */
  send(jsons: readonly string[], manner?: SendOptions): Promise<Outcome>;
  /** Whether this event may go at once, with a page that cannot wait. */
  takes(json: string): boolean;
  /** Bytes that requests of this page may still carry beyond its end. */
  keepaliveRoom(): number;
  /** The page may never run again: what is being compressed goes as it is, and at once, where it may outlive the page so. */
  hurry(): void;
  /** Where requests go from now on; nothing: where they went at first. */
  sendTo(url?: string): void;
  /** Cuts off what is in flight. */
  abort(): void;
}

/** How one request is sent. */
export interface SendOptions {
  /** The page may be gone when the answer comes. */
  readonly leaving?: boolean | undefined;
  /** Not compressed. */
  readonly plain?: boolean | undefined;
  /**
   * Asked when the request leaves, and whether its page does: a name for the request, which its answer leaves in a cookie for
   * the next page; or nothing where nobody will need that.
   */
  readonly ack?: ((leaving: boolean) => string | false | undefined) | undefined;
  /** Instead of the client key. */
  readonly credentials?: CredentialHeaders;
  /** Where a redirect leads is followed, and told as `url`. */
  readonly follow?: boolean;
}

/** Headers. */
export type CredentialHeaders = Readonly<Record<string, string>>;

export interface TransportNeeds {
  readonly url: string;
  readonly clock: Clock;
  /** In its header. */
  readonly clientKey: CredentialHeaders;
  readonly delivery: Pick<AnalyticsSettings['delivery'], 'credentials' | 'requestTimeoutMs'>;
  request(url: string, init: RequestInit): Promise<Response>;
  /** undefined where the browser cannot. */
  gzip(text: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Whether the proxy has said that it reads gzip. */
  readsGzip(): boolean;
  onReadsGzip(reads: boolean): unknown;
}

// All keepalive requests of a page share 64 KiB of bodies; some of it stays free for its last words.
// https://fetch.spec.whatwg.org/#http-network-or-cache-fetch
const KEEPALIVE_BYTES = 63 * 1024;
const KEEPALIVE_BODY_BYTES = 24 * 1024;
const WORTH_COMPRESSING = 500;
/** A browser refuses a request sooner; what ends later was cut off, perhaps by the back/forward cache. */
const REFUSED_MS = 1_000;

export function createTransport(needs: TransportNeeds): Transport {
  const { clock } = needs;
  const inFlight = new Set<AbortController>();
  const compressing = new Set<() => void>();
  let { url } = needs;
  let keepaliveBytes = 0;
  let mayKeepAlive = true;
  // Until it has turned out once that nothing comes through without that either.
  let triesAtOnce = true;
  const room = (): number => KEEPALIVE_BYTES - keepaliveBytes;

  return {
    async send(jsons, { leaving = false, plain, ack, credentials, follow } = {}) {
      const text = `{"batch":[${jsons.join(',')}],"sentAt":"${new Date(clock.now()).toISOString()}"}`;
      const control = new AbortController();
      inFlight.add(control);
      // Compressing takes time that a page which is leaving does not have.
      if (leaving || plain || text.length < WORTH_COMPRESSING || !needs.readsGzip()) return post();
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
        const stop = clock.after(needs.delivery.requestTimeoutMs, () => {
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
            // The browser takes a cookie only from an answer to which it would send cookies. Where a request has a name, page and proxy
            // share an origin.
            credentials: name ? 'same-origin' : needs.delivery.credentials,
            // Followed, a POST may become a GET whose 200 would pass for a delivery.
            redirect: follow ? 'follow' : 'manual',
            priority: 'low',
            signal: control.signal,
          });
          // A keepalive answer that is not read never gives its share of the 64 KiB back.
          const body = await response.text();
          mayKeepAlive = true;
          const { status, headers, redirected } = response;
          // Whatever reads packed requests here (or refuses them: a firewall, a body parser), plain ones may pass.
          if (packed && status >= 400 && status < 500 && status !== 401 && !BUSY.has(status)) {
            const outcome = await post();
            if (status === 415 || outcome.kind === 'delivered') needs.onReadsGzip(false);
            return outcome;
          }
          if (/\bgzip\b/i.test(headers.get('Accept-Encoding') ?? '')) needs.onReadsGzip(true);
          return {
            ...outcomeOf({ status, headers, body }, clock.now()),
            ...(redirected && { url: response.url }),
          };
        } catch {
          if (control.signal.aborted && !isLate) return { kind: 'aborted' };
          if (keepalive && !leaving && !isLate) {
            // Another script of the page may hold what keepalive requests share: the next try does without, and the first is at once.
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
