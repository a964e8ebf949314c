/** Limits the requests that search for faulty events, because they use up the rate limit that all browsers share. */
export interface BisectionBudget {
  /**
   * Takes one request from the share of `sender`. All senders whose IP address is not known (`undefined`) have one
   * share together. Returns false when the share, or the whole budget, is used up, or while other requests wait.
   */
  take(sender: string | undefined): boolean;
}

export interface BisectionBudgetNeeds {
  /** The rate limit for all requests to Customer.io, per second. */
  readonly maxPerSecond: number;
  /** Returns whether requests wait for a free slot. In that case, no request searches for faulty events. */
  readonly isBusy: () => boolean;
  readonly now?: () => number;
}

const WINDOW_MS = 10_000;
/** The most requests of one sender in a window. Two faulty events in a batch of 500 are found with 40. */
const MOST_OF_SENDER = 60;
/** The part of the rate limit that may be spent on looking for faulty events. */
const PART = 1 / 10;

/**
 * Creates the budget. A batch in which every second event is faulty takes 40 requests, and one browser could send such
 * batches 40 times a second. Above this budget, such a batch is rejected whole: the browser then bisects it with its
 * own requests.
 */
export function createBisectionBudget({
  maxPerSecond,
  isBusy,
  now = () => performance.now(),
}: BisectionBudgetNeeds): BisectionBudget {
  const most = (maxPerSecond * PART * WINDOW_MS) / 1_000;
  /**
   * Requests of each sender in this window. Each entry counts at least one request, so the map has at most `most`
   * entries.
   */
  const bySender = new Map<string | undefined, number>();
  let taken = 0;
  let endsAt = Number.NEGATIVE_INFINITY;

  return {
    take(sender) {
      const at = now();
      if (at >= endsAt) {
        bySender.clear();
        taken = 0;
        endsAt = at + WINDOW_MS;
      }
      const own = bySender.get(sender) ?? 0;
      if (own >= MOST_OF_SENDER || taken >= most || isBusy()) return false;
      bySender.set(sender, own + 1);
      taken += 1;
      return true;
    },
  };
}
