/**
 * Makes the event of a call, in place of the wrapped SDK's own factory and as that makes it, in fewer words: its hash of the
 * whole event, printed as JSON, was a third of the cost of a call and became an id that nobody read. Time and id are ours.
 */

type Fields = Record<string, unknown>;
type Make<Given extends readonly unknown[]> = (
  ...args: readonly [...Given, options?: Fields, integrations?: Fields]
) => Fields;

/** The wrapped SDK's names and arguments. */
interface Factory {
  readonly track: Make<[event: unknown, properties: unknown]>;
  readonly page: Make<[category: unknown, name: unknown, properties: Fields]>;
  readonly screen: Make<[category: unknown, name: unknown, properties: Fields]>;
  readonly identify: Make<[userId: unknown, traits: unknown]>;
  readonly group: Make<[groupId: unknown, traits: unknown]>;
  readonly alias: Make<[userId: unknown, previousId: unknown]>;
}

interface Visitor {
  id(): unknown;
  anonymousId(id?: unknown): unknown;
}

/** Options of these names replace a field of the event; any other name is a path in its context. */
const FIELDS = new Set(['anonymousId', 'timestamp', 'userId']);

/** Called with `new`. */
export function EventFactory(user: Visitor): Factory {
  function make(fields: Fields, options: Fields = {}, integrations: Fields = {}): Fields {
    const context = (options['context'] ?? {}) as Fields;
    const event: Fields = {
      ...given({ userId: user.id(), anonymousId: user.anonymousId() }),
      ...fields,
      context,
      integrations: {
        ...Object.fromEntries(Object.entries(integrations).map(([name, on]) => [name, Boolean(on)])),
        ...(options['integrations'] as object | undefined),
      },
    };
    for (const [key, value] of Object.entries(options)) {
      if (FIELDS.has(key)) event[key] = value;
      else if (key !== 'context' && key !== 'integrations') setAt(context, key, value);
    }
    // One that is given is the visitor's from now on.
    if (options['anonymousId']) user.anonymousId(options['anonymousId']);
    return event;
  }

  return {
    track: (event, properties, ...more) => make({ type: 'track', event, properties }, ...more),
    page(category, name, properties, ...more) {
      const own = given({ category });
      return make(
        { type: 'page', ...own, ...given({ name }), properties: { ...properties, ...own } },
        ...more,
      );
    },
    screen: (category, name, properties, ...more) =>
      make({ type: 'screen', ...given({ category, name }), properties }, ...more),
    identify: (userId, traits, ...more) => make({ type: 'identify', userId, traits }, ...more),
    group: (groupId, traits, ...more) => make({ type: 'group', groupId, traits }, ...more),
    alias: (userId, previousId, ...more) =>
      make({ type: 'alias', ...given({ userId, previousId }) }, ...more),
  };
}

const given = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

/** `setAt({}, 'device.id', 1)` makes `{ device: { id: 1 } }`. */
function setAt(target: Fields, path: string, value: unknown): void {
  if (/(^|\.)(__proto__|constructor|prototype)(\.|$)/.test(path)) return;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  for (const key of keys) {
    const there = target[key];
    target = target[key] = (typeof there === 'object' && there ? there : {}) as Fields;
  }
  target[last] = value;
}
