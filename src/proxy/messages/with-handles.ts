import type { Handles, Recipient } from './handle.ts';
import type { Reportable } from './queue-service.ts';

/** The messages, each with its handle where something is counted. @throws as `Handles.sign` */
export async function withHandles<Message extends object>(
  handles: Handles,
  recipient: Recipient,
  messages: readonly Reportable<Message>[],
): Promise<readonly (Message & { readonly handle?: string })[]> {
  return Promise.all(
    messages.map(async ({ message, reported }) =>
      reported ? { ...message, handle: await handles.sign({ recipient, reported }) } : message,
    ),
  );
}
