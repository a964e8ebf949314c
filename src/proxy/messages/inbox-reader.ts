import type { HandledInboxMessage } from '../../protocol/messages.ts';
import type { Refusal } from '../http/response.ts';
import { createHandles } from './handle.ts';
import { handleSecretOf, type HandleSecretNeeds, withKey } from './handle-secret.ts';
import { toInboxMessage } from './queue-service.ts';
import { withHandles } from './with-handles.ts';

/**
 * Returns the messages of a person's inbox, each with its handle where something is counted.
 *
 * @param values the messages as the service has sent them
 */
export type ReadInbox = (
  userId: string,
  values: readonly unknown[],
) => Promise<readonly HandledInboxMessage[] | Refusal>;

/** Makes the reader of inboxes that were fetched without the queue of in-app messages. */
export function createInboxReader(needs: HandleSecretNeeds): ReadInbox {
  const handles = createHandles(handleSecretOf(needs));
  return async (userId, values) =>
    withKey(async () => withHandles(handles, { kind: 'person', id: userId }, values.flatMap(toInboxMessage)));
}
