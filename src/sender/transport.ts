import type { Clock } from '../browser.ts';
import { utf8 } from '../wire.ts';
import { judge, type Outcome } from './outcome.ts';

/** Sends one body and says what came of it. */
export interface Transport {
  /**
   * @param jsons events, already serialised; none at all asks whether the proxy answers
   * @param credentials instead of the client key
   */
  send(jsons: readonly string[], leaving?: boolean, credentials?: Credentials): Promise<Outcome>;
  /** Whether this event may go at once, with a page that cannot wait. */
  takes(json: string): boolean;
  /** Bytes that requests of this page may still carry beyond its end. */
  keepaliveRoom(): number;
  /** The page may never run again: what is being compressed goes as it is, and at once, where it may outlive the page so. */
  hurry(): void;
  /** Cuts off what is in flight. */
  abort(): void;
}

/** Headers. */
export type Credentials = Readonly<Record<string, string>>;

export interface TransportNeeds {
  readonly url: string;
  readonly clock: Clock;
  /** The client key, as the `Authorization` of a request. */
  readonly authorization: string;
  readonly timeoutMs: number;
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

/** Falsy, unlike what a request is cut off with otherwise. */
const LATE = 0;

export function createTransport(needs: TransportNeeds): Transport {
  const { url, clock, timeoutMs } = needs;
  const inFlight = new Set<AbortController>();
  const compressing = new Set<() => void>();
  let keepaliveBytes = 0;
  const room = (): number => KEEPALIVE_BYTES - keepaliveBytes;

  return {
    async send(jsons, leaving = false, credentials = { Authorization: needs.authorization }) {
      const text = `{"batch":[${jsons.join(',')}],"sentAt":"${new Date(clock.now()).toISOString()}"}`;
      const control = new AbortController();
      inFlight.add(control);
      // Compressing takes time that a page which is leaving does not have.
      if (leaving || text.length < WORTH_COMPRESSING || !needs.readsGzip()) return post();
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
        const body = packed ?? utf8.encode(text);
        const bytes = body.byteLength;
        const keepalive = bytes <= (leaving ? room() : Math.min(room(), KEEPALIVE_BODY_BYTES));
        const stop = clock.after(timeoutMs, () => control.abort(LATE));
        if (keepalive) keepaliveBytes += bytes;
        try {
          const response = await needs.request(url, {
            method: 'POST',
            headers: {
              ...credentials,
              'Content-Type': 'application/json',
              ...(packed ? { 'Content-Encoding': 'gzip' } : {}),
            },
            body,
            keepalive,
            credentials: 'omit',
            // Followed, a POST may become a GET whose 200 would pass for a delivery.
            redirect: 'error',
            priority: 'low',
            signal: control.signal,
          });
          // A keepalive answer that is not read never gives its share of the 64 KiB back.
          const said = await response.text();
          const { status, headers } = response;
          const encodings = headers.get('Accept-Encoding');
          if (status === 415 && packed) needs.onReadsGzip(false);
          else if (/\bgzip\b/i.test(encodings ?? '')) needs.onReadsGzip(true);
          const answer = {
            status,
            retryAfter: headers.get('Retry-After'),
            date: headers.get('Date'),
            body: said,
            gzipped: packed !== undefined,
          };
          return judge(answer, clock.now());
        } catch {
          return control.signal.reason ? { kind: 'aborted' } : { kind: 'unanswered', status: 0 };
        } finally {
          stop();
          inFlight.delete(control);
          if (keepalive) keepaliveBytes -= bytes;
        }
      }
    },
    takes: () => true,
    keepaliveRoom: room,
    hurry: () => compressing.forEach((hurry) => hurry()),
    abort: () => inFlight.forEach((control) => control.abort()),
  };
}
