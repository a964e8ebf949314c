import type { WireEvent } from '../../protocol/wire.ts';
import { asId } from './ids.ts';
import type { DraftEvent, PluginEvent } from './draft-event.ts';

/** Converts an event, after the plugins, to the form in which it is sent. */
export function toWireEvent(draft: PluginEvent, id: string): WireEvent {
  const { type, timestamp, options, properties, traits, context, ...rest } = draft as DraftEvent &
    Record<'options' | 'traits', unknown>;
  const event: Record<string, unknown> = { ...rest, type, timestamp, messageId: id };
  // Some servers built by the public guide read these fields without a check, so an event always has at least an empty object.
  if (type === 'track' || type === 'page' || type === 'screen') event['properties'] = properties ?? {};
  if (type === 'identify' || type === 'group') event['traits'] = traits ?? {};
  // An id of another type would make the proxy or Customer.io refuse the whole event.
  for (const key of ['userId', 'anonymousId', 'groupId', 'previousId']) {
    const id = asId(event[key]);
    if (id) event[key] = id;
    else delete event[key];
  }
  event['context'] = context ?? options ?? {};
  // `makeEvent` has set one of the six types. Plugins may add fields; the fields that `WireEvent` requires are set above.
  return event as unknown as WireEvent;
}
