import type { Fields } from './arguments.ts';
import type { DraftEvent } from './draft-event.ts';

interface Visitor {
  id(): unknown;
  anonymousId(id?: unknown): unknown;
}

/** Options of these names replace a field of the event; any other name is a path in its context. */
const REPLACING = new Set(['anonymousId', 'timestamp', 'userId']);

/**
 * Makes the event of a call as the wrapped SDK does, without the hash of the whole event's JSON that the wrapped SDK uses as an id:
 * it was a third of the cost of a call, and nothing reads that id. `claim` of the plugin queue adds time and id to the event.
 */
export function makeEvent(user: Visitor, fields: Fields, options: Fields, integrations: Fields): DraftEvent {
  const { context: ownContext, integrations: ownIntegrations, ...otherOptions } = options;
  const context = (ownContext ?? {}) as Record<string, unknown>;
  const event: Record<string, unknown> = {
    ...present({ userId: user.id(), anonymousId: user.anonymousId() }),
    ...fields,
    context,
    integrations: {
      ...Object.fromEntries(Object.entries(integrations).map(([name, on]) => [name, Boolean(on)])),
      ...(ownIntegrations as object | undefined),
    },
  };
  for (const [key, value] of Object.entries(otherOptions)) {
    if (REPLACING.has(key)) event[key] = value;
    else setAt(context, key, value);
  }
  // An anonymous id in the options becomes the visitor's from now on.
  if (options['anonymousId']) user.anonymousId(options['anonymousId']);
  return event as DraftEvent; // the types of its fields are those of the application's arguments
}

/** Removes fields that are null or undefined. */
export const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

/** `setAt({}, 'device.id', 1)` makes `{ device: { id: 1 } }`. */
function setAt(target: Record<string, unknown>, path: string, value: unknown): void {
  if (/(^|\.)(__proto__|constructor|prototype)(\.|$)/.test(path)) return;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  for (const key of keys) {
    const existing = target[key];
    target = target[key] = (typeof existing === 'object' && existing ? existing : {}) as Record<
      string,
      unknown
    >;
  }
  target[last] = value;
}
