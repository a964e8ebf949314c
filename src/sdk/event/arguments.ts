/** Reads the arguments of the six calls as the wrapped SDK does. Each function returns the values for the event, then the options. */

export type Fields = Readonly<Record<string, unknown>>;
export type Arguments = readonly unknown[];

const isString = (value: unknown): value is string => typeof value === 'string';
export const isCallback = (value: unknown): value is (...args: Arguments) => unknown =>
  typeof value === 'function';
export const isPlainObject = (value: unknown): value is Fields =>
  Object.prototype.toString.call(value) === '[object Object]';

export function trackArguments(args: Arguments): Arguments {
  const [event, properties, options] = args;
  const isEvent = isPlainObject(event);
  const name = isEvent ? event['event'] : event;
  if (!name || !isString(name)) throw new Error('Event missing');
  const data = isEvent ? (event['properties'] ?? {}) : isPlainObject(properties) ? properties : {};
  const chosen = isEvent && !isCallback(properties) ? properties : isCallback(options) ? {} : options;
  return [name, data, chosen ?? {}];
}

/** Reads the arguments of `page` and `screen`. */
export function pageArguments(args: Arguments): Arguments {
  const strings = args.filter(isString);
  const [category = null, name = null] = strings.length > 1 ? strings : [null, ...strings];
  return [category, name, ...objects(args, name)];
}

/** Reads the arguments of `identify` and `group`. */
export function userArguments(
  args: Arguments,
  current: string | null | undefined,
): readonly [id: string | null | undefined, traits: Fields, options: Fields] {
  const id = args.find(isString) ?? args.find((each) => typeof each === 'number')?.toString() ?? current;
  return [id, ...objects(args, id)];
}

export function aliasArguments(args: Arguments): Arguments {
  const ids = args.map((each) => (typeof each === 'number' ? String(each) : each));
  const [to = ids[0], from = null] = ids.filter(isString);
  return [to, from, args.find(isPlainObject) ?? {}];
}

/** Finds the two objects of a call: properties or traits, and options. After a name or id, null stands for an empty object. */
function objects(args: Arguments, name: unknown): readonly [data: Fields, options: Fields] {
  const [data, options] = args.filter(
    (each): each is Fields | null => isPlainObject(each) || (each === null && name !== null),
  );
  return [data ?? {}, options ?? {}];
}
