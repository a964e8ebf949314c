import type { Clock, TextStore } from '../browser.ts';
import type { WaitingEvent } from '../outbox/contract.ts';
import { ACK_COOKIE_PREFIX } from '../../protocol/wire.ts';
import { type AcknowledgementJar, takeAcknowledgement } from './acknowledgements.ts';
import type { Sender } from './contract.ts';

/**
 * The needs of {@link awaitDepartedRequests}, which reads the outcome of the last requests of pages that have left from the
 * cookies of their answers.
 */
export interface DepartedNeeds {
  readonly local: TextStore;
  readonly clock: Clock;
  /** Aborts when the SDK is closed or consent is withdrawn. */
  readonly ending: AbortSignal;
  readonly scope: string;
  /** Id of this page. It gets the answers to its own requests, and skips their records. */
  readonly page: string;
  readonly sender: Pick<Sender, 'acknowledge' | 'hold'>;
  readonly jar: AcknowledgementJar;
}

/** A request, and the ids of its events. */
type Named = readonly [name: string, ids: readonly string[]];

/** The record of a page: when it was written, in milliseconds since the epoch, and the requests of the page. */
type Departed = readonly [at: number, ...requests: Named[]];

/**
 * The time after the record of its page within which the answer to a request must come. After that the events are sent again, also
 * when the request was refused; a proxy that remembers which events it has accepted, or is still delivering, forwards none twice.
 */
const ANSWER_TIMEOUT_MS = 5_000;
const LOOK_AGAIN_MS = 250;

// A page that leads again looks for the same requests a second time.
const watchedBy = new WeakMap<object, Set<string>>();

/**
 * Holds back the events of requests that other pages have sent as they were left, until the cookie of the answer shows that the
 * events have arrived, or {@link ANSWER_TIMEOUT_MS} is over. Resolves after the first check of the cookies; a timer makes the
 * next ones.
 */
export async function awaitDepartedRequests(needs: DepartedNeeds): Promise<void> {
  const { local, clock, ending, scope, page, sender, jar } = needs;
  const watched = watchedBy.get(sender) ?? new Set();
  watchedBy.set(sender, watched);
  const keys = local.keys().filter((key) => key.startsWith(`${scope}:left:`) && !key.endsWith(page));
  const waiting = new Set(
    keys.flatMap((key) => {
      const [at, ...requests] = parse(local.get(key));
      const isNew = ([name]: Named): boolean => !watched.has(name);
      // A record of the future was written while the clock was ahead: waiting for it might never end.
      const untilMs = at > clock.now() ? 0 : at + ANSWER_TIMEOUT_MS;
      if (!requests.length) local.remove(key);
      return requests.filter(isNew).map(([name, ids]) => {
        const events = ids.map(toStoredEvent);
        watched.add(name);
        return { key, name, events, untilMs, letGo: sender.hold(events) };
      });
    }),
  );
  let stop: (() => void) | undefined;
  if (waiting.size) {
    ending.addEventListener('abort', () => {
      stop?.();
      void look(true);
    });
    await look();
  }

  async function look(isLast = false): Promise<void> {
    const cookies = jar.read();
    const finished = [...waiting].flatMap((each) => {
      const hasArrived = cookies.includes(`${ACK_COOKIE_PREFIX}${each.name}=`);
      return hasArrived || clock.now() >= each.untilMs ? [{ each, hasArrived }] : [];
    });
    for (const { each } of finished) waiting.delete(each);
    if (waiting.size && !isLast) stop = clock.after(LOOK_AGAIN_MS, () => void look());
    for (const { each, hasArrived } of finished) {
      if (hasArrived) await sender.acknowledge(each.events);
      // The record is deleted after that: if this page is stopped in between, the next page reads the record.
      forget(each.key, each.name);
      each.letGo();
    }
  }

  /**
   * Deletes one request from a record. Reads the record again, because its page may have come back and added requests, or the record
   * was deleted when consent was withdrawn.
   */
  function forget(key: string, name: string): void {
    takeAcknowledgement(jar, name);
    const [at, ...requests] = parse(local.get(key));
    const otherRequests = requests.filter((each) => each[0] !== name);
    if (otherRequests.length) local.set(key, JSON.stringify([at, ...otherRequests]));
    else local.remove(key);
  }
}

/** An event of which only the id is known: the outbox finds the event by its id. */
const toStoredEvent = (id: string): WaitingEvent => ({ id, at: 0, json: '', bytes: 0, place: 0 });

function parse(text: string | null): Departed {
  try {
    const departed = JSON.parse(text ?? '') as Departed;
    const [at, ...requests] = departed;
    const isNamed = ([name, ids]: Named): boolean => isName(name) && ids.every(isText);
    if (Number.isFinite(at) && requests.every(isNamed)) return departed;
  } catch {
    // The key is gone, or another script has written it.
  }
  return [0];
}

const isName = (value: unknown): boolean => isText(value) && /^\w+$/.test(String(value));
const isText = (value: unknown): boolean => typeof value === 'string';
