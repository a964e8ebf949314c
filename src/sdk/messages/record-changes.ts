/** The changes of a message's record: one function for each moment of the message. */
import type { MessageRecord } from './message-state.ts';
import { isLasting, type ShowRules } from './show-rules.ts';

/** The time for which a tab that loads a message keeps the other tabs from showing it. A renderer gets five seconds to answer. */
const LOADING_MS = 5_000;

/** The limits of a snooze, in minutes: 30 days at most, as in Customer.io's own script. */
const DEFAULT_SNOOZE_MINUTES = 60;
const LONGEST_SNOOZE_MINUTES = 43_200;

/** The frame of the message is put into the page. */
export const whenLoading = (nowMs: number): Partial<MessageRecord> => ({
  loadingUntilMs: nowMs + LOADING_MS,
});

/** The visitor sees the message. */
export const whenShown = (
  rules: ShowRules,
  { shownCount, isSeen }: MessageRecord,
  nowMs: number,
): Partial<MessageRecord> => ({
  shownCount: shownCount + 1,
  shownAtMs: nowMs,
  loadingUntilMs: 0,
  // Another tab may have closed a persistent message in the meantime.
  isSeen: isSeen || (!rules.isPersistent && !rules.broadcast),
});

/** Whether this display is reported as `opened`: a message that is shown on each page until it is closed is opened once. */
export const isOpenedFirst = (rules: ShowRules, { shownCount }: MessageRecord): boolean =>
  !shownCount || !isLasting(rules);

/** The visitor has closed the message. */
export const whenClosed = ({ broadcast }: ShowRules): Partial<MessageRecord> => ({
  isSeen: !broadcast,
  isDismissed: broadcast !== undefined,
});

/** The message is hidden for some minutes, which come from its author. */
export function whenSnoozed(minutes: number, nowMs: number): Partial<MessageRecord> {
  const wholeMinutes = minutes >= 1 ? Math.min(minutes, LONGEST_SNOOZE_MINUTES) : DEFAULT_SNOOZE_MINUTES;
  return { snoozedUntilMs: nowMs + wholeMinutes * 60_000 };
}
