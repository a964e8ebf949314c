import type { SentRequest } from './network.ts';
import type { World } from './world.ts';

/** Checks the rules for all requests of a world. */
export function checkRequests(world: World): void {
  checkRate(world);
  checkQuiet(world);
}

/**
 * The most failed requests of one page in one minute, at the shortest backoff. To find an event that crashes
 * the proxy, the SDK sends two requests a second.
 */
const MOST_IN_VAIN = { refused: 20, crash: 120, 'hang-up': 120 };

/** Checks that while no request succeeds, only timers and the visitor cause new requests. */
function checkRate({ origin, nudges, plan }: World): void {
  const minutes = new Map<string, number>();
  const minuteOf = (page: string, atMs: number): string => `${page} in minute ${Math.floor(atMs / 60_000)}`;
  const count = (minute: string, by: number): void =>
    void minutes.set(minute, (minutes.get(minute) ?? 0) + by);
  for (const { page, atMs, accepted, heard } of origin.network.sent) {
    // A 4xx response does not count: the SDK divides the batch, which is progress.
    const isInVain = !accepted && (!heard || heard.answer.status >= 500);
    if (isInVain) count(minuteOf(page, atMs), 1);
  }
  for (const { page, atMs } of nudges) count(minuteOf(page, atMs), -3);
  for (const [minute, requests] of minutes) {
    if (requests > MOST_IN_VAIN[plan.proxy.poison])
      throw new Error(`${requests} requests more than there was reason for, by ${minute}`);
  }
}

/** A request whose body was already being compressed when the proxy asked for a pause may still be sent. */
const COMPRESSING_MS = 5;

/** Checks that a page that knows of a pause (`Retry-After`) sends nothing until it has ended. */
function checkQuiet({ origin, plan, renewed }: World): void {
  if (plan.jumps || plan.clears || plan.withdraws) return;
  for (const { page, heard } of origin.network.sent) {
    const { quietMs = 0 } = heard?.answer ?? {};
    if (!heard || !quietMs) continue;
    // The SDK repeats a failed keepalive request at once without `keepalive`: that is the same attempt, which
    // began before the pause.
    const isRepeat = ({ page: by, batch, keepalive }: SentRequest): boolean =>
      !keepalive &&
      origin.network.sent.some(
        (other) =>
          other.page === by &&
          other.atMs <= heard.atMs &&
          other.keepalive &&
          other.failed &&
          other.batch[0]?.messageId === batch[0]?.messageId,
      );
    const early = origin.network.sent.find(
      (request) =>
        !isRepeat(request) &&
        request.atMs > heard.atMs + COMPRESSING_MS &&
        request.atMs < heard.atMs + quietMs &&
        ((request.page === page && !renewed.has(page)) || plan.text === 'there'),
    );
    if (early)
      throw new Error(
        `${early.page} has sent at ${early.atMs}, but ${page} was asked at ${heard.atMs} for ${quietMs} ms`,
      );
  }
}
