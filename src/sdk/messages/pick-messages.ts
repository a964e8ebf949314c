import type { QueueMessage } from '../../protocol/messages.ts';
import { broadcastDueMs } from './broadcast.ts';
import type { MessageRecord } from './message-state.ts';
import type { PageRules, RulePage } from './page-rule.ts';
import { type ShowRules, readShowRules } from './show-rules.ts';
import { isOpenedFirst } from './record-changes.ts';

/** A message that is open. */
export interface OpenMessage {
  readonly queueId: string;
  /** {@link ShowRules.slot} */
  readonly slot: string;
}

/** A message that may be shown now. */
export interface Candidate extends OpenMessage {
  readonly message: QueueMessage;
  readonly rules: ShowRules;
  /** Whether the display is reported as `opened`. */
  readonly isOpened: boolean;
}

export interface PickedMessages {
  /** The messages to show now, the most important one first. */
  readonly candidates: readonly Candidate[];
  /** The ids or CSS selectors of elements that messages wait for. To be picked again when one of them is in the page. */
  readonly awaitedElements: readonly string[];
  /** To be picked again at this time, in milliseconds since the epoch. Missing: no message waits for a time. */
  readonly againAtMs?: number;
}

export interface PickNeeds {
  /** The queue and the broadcasts, as they came. */
  readonly messages: readonly QueueMessage[];
  readonly nowMs: number;
  /** Undefined: no `page()` yet, and the page is not two seconds old. Messages with a page rule wait for it. */
  readonly page: RulePage | undefined;
  readonly open: readonly OpenMessage[];
  /** The queue ids of messages that have failed or were closed since the last page view: they are not shown again on this page. */
  readonly failed: ReadonlySet<string>;
  readonly closed: ReadonlySet<string>;
  recordOf(queueId: string): MessageRecord;
  mayShow: PageRules;
  /** Whether the page has the element of an inline message or tooltip, by its id or CSS selector. */
  hasElement(elementId: string): boolean;
}

interface Entry {
  readonly message: QueueMessage;
  readonly rules: ShowRules;
  readonly record: MessageRecord;
}

/** A clock that was set back makes the longest wait no longer than this. */
const LONGEST_WAIT_MS = 43_200 * 60_000;

const priorityOf = ({ message: { priority } }: Entry): number =>
  typeof priority === 'number' && !Number.isNaN(priority) ? priority : Infinity;

/** Sorts lower priorities first, and missing ones last. Two that are missing give NaN, which `sort` reads as equal. */
const byPriority = (one: Entry, other: Entry): number => priorityOf(one) - priorityOf(other);

/**
 * Picks the messages that may be shown now: broadcasts that are due and messages of the queue that were not seen, by priority, at
 * most one in each place. The tests of each message are those of Customer.io's own script, in its order. Nothing is remembered: the
 * caller updates the records.
 */
export function pickMessages(needs: PickNeeds): PickedMessages {
  const { nowMs, page } = needs;
  const candidates: Candidate[] = [];
  const awaited = new Set<string>();
  const slots = new Set(needs.open.map(({ slot }) => slot));
  const ids = new Set(needs.open.map(({ queueId }) => queueId));
  let againAtMs = Infinity;

  /** Whether the time is over. If not, the messages are picked again then. */
  function isOver(untilMs: number): boolean {
    if (untilMs <= nowMs || untilMs - nowMs > LONGEST_WAIT_MS) return true;
    againAtMs = Math.min(againAtMs, untilMs);
    return false;
  }

  function isEligible({ message: { queueId }, rules: { broadcast }, record }: Entry): boolean {
    if (record.isSeen || needs.failed.has(queueId)) return false;
    if (!broadcast) return true;
    // A broadcast without a delay would open again in the moment in which it is closed.
    if (needs.closed.has(queueId) && !broadcast.delayMs) return false;
    const dueMs = broadcastDueMs(broadcast, record, nowMs);
    return dueMs !== Infinity && isOver(dueMs);
  }

  const hasPage = ({ rules: { rule } }: Entry): boolean =>
    !rule || (page !== undefined && needs.mayShow(rule, page));

  function hasAnchor({ neededElement }: ShowRules): boolean {
    if (!neededElement || needs.hasElement(neededElement)) return true;
    awaited.add(neededElement);
    return false;
  }

  const entries = needs.messages.flatMap((message): readonly Entry[] => {
    const rules = readShowRules(message);
    return rules ? [{ message, rules, record: needs.recordOf(message.queueId) }] : [];
  });
  const broadcasts = entries.filter(({ rules }) => rules.broadcast);
  const queue = entries.filter(({ rules }) => !rules.broadcast);

  for (const entry of [...broadcasts, ...queue].sort(byPriority)) {
    const { message, rules, record } = entry;
    const { queueId } = message;
    const { slot } = rules;
    if (ids.has(queueId) || !isEligible(entry)) continue;
    if (!isOver(record.snoozedUntilMs) || !hasPage(entry)) continue;
    if (slots.has(slot) || !hasAnchor(rules) || !isOver(record.loadingUntilMs)) continue;
    ids.add(queueId);
    slots.add(slot);
    candidates.push({
      queueId,
      slot,
      message,
      rules,
      isOpened: isOpenedFirst(rules, record),
    });
  }
  return {
    candidates,
    awaitedElements: [...awaited],
    ...(againAtMs !== Infinity && { againAtMs }),
  };
}
