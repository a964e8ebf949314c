/** Reads the arguments of the six calls, in place of the wrapped SDK's own resolver and as that reads them, in fewer words. */

type Fields = Readonly<Record<string, unknown>>;
type Arguments = readonly unknown[];

const isString = (value: unknown): value is string => typeof value === 'string';
const isFunction = (value: unknown): boolean => typeof value === 'function';
export const isPlainObject = (value: unknown): value is Fields =>
  Object.prototype.toString.call(value) === '[object Object]';

export function resolveArguments(...args: Arguments): Arguments {
  const [event, properties, options] = args;
  const isEvent = isPlainObject(event);
  const name = isEvent ? event['event'] : event;
  if (!name || !isString(name)) throw new Error('Event missing');
  const data = isEvent ? (event['properties'] ?? {}) : isPlainObject(properties) ? properties : {};
  const given = isEvent && !isFunction(properties) ? properties : isFunction(options) ? {} : options;
  return [name, data, given ?? {}, args.find(isFunction)];
}

/** Of `page` and `screen`. */
export function resolvePageArguments(...args: Arguments): Arguments {
  const strings = args.filter(isString);
  const [category = null, name = null] = strings.length > 1 ? strings : [null, ...strings];
  return [category, name, ...objects(args, name)];
}

/** Of `identify` and `group`. */
export const resolveUserArguments =
  (user: { id(): unknown }) =>
  (...args: Arguments): Arguments => {
    const id = args.find(isString) ?? args.find((each) => typeof each === 'number')?.toString() ?? user.id();
    return [id, ...objects(args, id)];
  };

export function resolveAliasArguments(...args: Arguments): Arguments {
  const ids = args.map((each) => (typeof each === 'number' ? String(each) : each));
  const [to = ids[0], from = null] = ids.filter(isString);
  return [to, from, args.find(isPlainObject) ?? {}, args.find(isFunction)];
}

/** What goes with a name or an id, the options, and the callback. After a name, null stands for an empty object. */
function objects(args: Arguments, name: unknown): Arguments {
  const [data, options] = args.filter((each) => isPlainObject(each) || (each === null && name !== null));
  return [data ?? {}, options ?? {}, args.find(isFunction)];
}
