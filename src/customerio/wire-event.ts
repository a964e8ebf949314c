import type { WireEvent } from '../wire.ts';
import type { DraftEvent } from './snapshot.ts';

/** What the plugins have left of an event, as it will travel. */
export function toWireEvent(draft: DraftEvent, id: string): WireEvent {
  const { type, timestamp, options, properties, traits, userId, context, ...rest } = draft as DraftEvent &
    Record<'options' | 'traits' | 'userId', unknown>;
  const event: Record<string, unknown> = { ...rest, type, messageId: id, timestamp };
  // Some servers of the public guide read these unseen: an empty object always, rather than nothing.
  if (type === 'track' || type === 'page' || type === 'screen') event['properties'] = properties ?? {};
  if (type === 'identify' || type === 'group') event['traits'] = traits ?? {};
  if (userId) event['userId'] = userId;
  event['context'] = context ?? options ?? {};
  // The wrapped factory has made it one of the six; plugins may add fields, and may not take the named ones away.
  return event as unknown as WireEvent;
}
