import type { Clock, TextStore } from '../browser.ts';
import type { WaitingEvent } from '../outbox/contract.ts';
import { ACK_COOKIE_PREFIX } from '../../protocol/wire.ts';
import { type AcknowledgementJar, takeAcknowledgement } from './acknowledgements.ts';
import type { Sender } from './contract.ts';

/** What became of the last requests of pages that have gone: read from the cookies that their answers have set. */
export interface DepartedNeeds {
  readonly local: TextStore;
  readonly clock: Clock;
  /** What ends with this instance. */
  readonly ending: AbortSignal;
  readonly scope: string;
  /** This page, which hears the answers to its own requests. */
  readonly page: string;
  readonly sender: Pick<Sender, 'acknowledge' | 'hold'>;
  readonly jar: AcknowledgementJar;
}

/** A request, and the ids of its events. */
type Named = readonly [name: string, ids: readonly string[]];

/** When its page has left, in milliseconds since the epoch, and its requests. */
type Departed = readonly [at: number, ...requests: Named[]];

/**
 * So long after its page has gone a request is waited for. One that takes longer, or was refused, is repeated; a proxy that
 * remembers what it has accepted, or is still delivering, sends none of it on twice.
 */
const ANSWER_TIMEOUT_MS = 5_000;
const LOOK_AGAIN_MS = 250;

// A page that leads again looks for the same requests a second time.
const watchedBy = new WeakMap<object, Set<string>>();

/**
 * Keeps the events of those requests from being sent again until it is known that they have arrived, or their time is over.
 * Resolves after the first look; the others follow by themselves.
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
      // A page that a clock which was ahead has written down might be waited for without end.
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
    const known = [...waiting].flatMap((each) => {
      const hasArrived = cookies.includes(`${ACK_COOKIE_PREFIX}${each.name}=`);
      return hasArrived || clock.now() >= each.untilMs ? [{ each, hasArrived }] : [];
    });
    for (const { each } of known) waiting.delete(each);
    if (waiting.size && !isLast) stop = clock.after(LOOK_AGAIN_MS, () => void look());
    for (const { each, hasArrived } of known) {
      if (hasArrived) await sender.acknowledge(each.events);
      // Not sooner: a page that is stopped in between leaves it to the next one.
      forget(each.key, each.name);
      each.letGo();
    }
  }

  /** The page may have come back, and written more since; consent may have been withdrawn, and the record is gone. */
  function forget(key: string, name: string): void {
    takeAcknowledgement(jar, name);
    const [at, ...requests] = parse(local.get(key));
    const others = requests.filter((each) => each[0] !== name);
    if (others.length) local.set(key, JSON.stringify([at, ...others]));
    else local.remove(key);
  }
}

/** The outbox finds it by its id. */
const toStoredEvent = (id: string): WaitingEvent => ({ id, at: 0, json: '', bytes: 0, place: 0 });

function parse(text: string | null): Departed {
  try {
    const departed = JSON.parse(text ?? '') as Departed;
    const [at, ...requests] = departed;
    const isNamed = ([name, ids]: Named): boolean => isName(name) && ids.every(isText);
    if (Number.isFinite(at) && requests.every(isNamed)) return departed;
  } catch {
    // Another script has written there, or nobody.
  }
  return [0];
}

const isName = (value: unknown): boolean => isText(value) && /^\w+$/.test(String(value));
const isText = (value: unknown): boolean => typeof value === 'string';
