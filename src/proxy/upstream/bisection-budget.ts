/** How many requests may look for faulty events: those take from what all browsers share. */
export interface BisectionBudget {
  /** Takes one request for `sender`. `undefined`: it is not known who that is, and it shares with all such. */
  take(sender: string | undefined): boolean;
}

export interface BisectionBudgetNeeds {
  /** Requests a second to Customer.io, all together. */
  readonly maxPerSecond: number;
  /** Whether requests wait for their turn: then none is taken to look for faults. */
  readonly isBusy: () => boolean;
  readonly now?: () => number;
}

const WINDOW_MS = 10_000;
/** To find two faulty events in a batch of 500 takes 40. */
const MOST_OF_SENDER = 60;
const PART = 1 / 10;

/**
 * A batch in which every second event is faulty takes forty requests, and its sender could send it forty times a second. Beyond this
 * budget such a batch goes back to its sender, whose browser halves it by itself, at its own cost.
 */
export function createBisectionBudget({
  maxPerSecond,
  isBusy,
  now = () => performance.now(),
}: BisectionBudgetNeeds): BisectionBudget {
  const most = (maxPerSecond * PART * WINDOW_MS) / 1_000;
  /** Each of them has made a request in this window, so that there are no more than `most`. */
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
