import type { WireEvent } from '../../protocol/wire.ts';
import { asId } from './ids.ts';
import type { DraftEvent, PluginEvent } from './draft-event.ts';

/** What the plugins have left of an event, as it will travel. */
export function toWireEvent(draft: PluginEvent, id: string): WireEvent {
  const { type, timestamp, options, properties, traits, context, ...rest } = draft as DraftEvent &
    Record<'options' | 'traits', unknown>;
  const event: Record<string, unknown> = { ...rest, type, timestamp, messageId: id };
  // Some servers of the public guide read these unseen: an empty object always, rather than nothing.
  if (type === 'track' || type === 'page' || type === 'screen') event['properties'] = properties ?? {};
  if (type === 'identify' || type === 'group') event['traits'] = traits ?? {};
  // One id of another kind would cost the whole event.
  for (const key of ['userId', 'anonymousId', 'groupId', 'previousId']) {
    const id = asId(event[key]);
    if (id) event[key] = id;
    else delete event[key];
  }
  event['context'] = context ?? options ?? {};
  // The wrapped factory has made it one of the six; plugins may add fields, and may not take the named ones away.
  return event as unknown as WireEvent;
}
