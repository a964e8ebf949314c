/** Messages and records for the tests of this folder. */
import type { QueueMessage } from '../../../../src/protocol/messages.ts';
import type { MessageRecord } from '../../../../src/sdk/messages/message-state.ts';

export const NO_RECORD: MessageRecord = {
  shownCount: 0,
  shownAtMs: 0,
  isSeen: false,
  isDismissed: false,
  snoozedUntilMs: 0,
  loadingUntilMs: 0,
};

/** @param gist `properties.gist`, which comes from the server and may be anything */
export const queueMessage = (queueId: string, gist: unknown = {}, priority?: number): QueueMessage => ({
  queueId,
  messageId: `html-${queueId}`,
  ...(priority !== undefined && { priority }),
  properties: { gist },
});
