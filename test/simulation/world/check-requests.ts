import type { SentRequest } from './network.ts';
import type { World } from './world.ts';

/** What must hold of all requests that were made in a world. */
export function checkRequests(world: World): void {
  checkRate(world);
  checkQuiet(world);
}

/** Of one page in one minute, at the quickest that backoff ever is: what crashes the proxy is looked for twice a second. */
const MOST_IN_VAIN = { refused: 20, crash: 120, 'hang-up': 120 };

/** While nothing gets through, nothing but time and the visitor makes requests. */
function checkRate({ origin, nudges, plan }: World): void {
  const minutes = new Map<string, number>();
  const minuteOf = (page: string, atMs: number): string => `${page} in minute ${Math.floor(atMs / 60_000)}`;
  const count = (minute: string, by: number): void =>
    void minutes.set(minute, (minutes.get(minute) ?? 0) + by);
  for (const { page, atMs, accepted, heard } of origin.network.sent) {
    // What is refused is divided: a step ahead, too.
    const isInVain = !accepted && (!heard || heard.answer.status >= 500);
    if (isInVain) count(minuteOf(page, atMs), 1);
  }
  for (const { page, atMs } of nudges) count(minuteOf(page, atMs), -3);
  for (const [minute, requests] of minutes) {
    if (requests > MOST_IN_VAIN[plan.proxy.poison])
      throw new Error(`${requests} requests more than there was reason for, by ${minute}`);
  }
}

/** What is being compressed as the proxy says so has been begun before. */
const COMPRESSING_MS = 5;

/** Whoever knows that the proxy wants to be left alone leaves it alone. */
function checkQuiet({ origin, plan, renewed }: World): void {
  if (plan.jumps || plan.clears || plan.withdraws) return;
  for (const { page, heard } of origin.network.sent) {
    const { quietMs = 0 } = heard?.answer ?? {};
    if (!heard || !quietMs) continue;
    // A request that the browser did not keep alive is repeated without that at once: it had begun before.
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
