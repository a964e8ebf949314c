/** Copies an argument of the application to a value that JSON can hold. Later changes of the argument then change no event. */

const DEEPEST = 32;
const BOXED = /(String|Number|Boolean|BigInt)]$/;
// More values never fit into an event. Without a limit, a graph with shared nodes could have any number of paths.
const MOST_VALUES = 16_000;

/**
 * Copies as `JSON.stringify` does: functions, symbols and `undefined` are left out, or null in a list; `toJSON` is called; NaN is
 * null. Where `JSON.stringify` would throw or lose the value, the copy has a short text: `[Circular]`, `[Too deep]`,
 * `[Too large]`, `[Unreadable]`, `[Element DIV]`; a BigInt becomes its digits. Never throws.
 */
export function toJsonValue(whole: unknown): unknown {
  let values = 0;

  function copy(value: unknown, ancestors: readonly unknown[]): unknown {
    if (++values > MOST_VALUES) return '[Too large]';
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : null;
      case 'bigint':
        return String(value);
      case 'object':
        try {
          return value && copyObject(value, ancestors);
        } catch {
          return '[Unreadable]'; // a getter, a proxy or a toJSON of the page threw
        }
      default:
        return undefined;
    }
  }

  function copyObject(value: object, ancestors: readonly unknown[]): unknown {
    if (ancestors.includes(value)) return '[Circular]';
    if (ancestors.length >= DEEPEST) return '[Too deep]';
    const path = [...ancestors, value];
    if (Array.isArray(value)) return value.map((item) => copy(item, path) ?? null);
    const { toJSON, nodeType, nodeName } = value as Partial<
      Record<'toJSON' | 'nodeType' | 'nodeName', unknown>
    >;
    if (typeof toJSON === 'function') return copy(toJSON.call(value), path);
    if (typeof nodeType === 'number' && typeof nodeName === 'string') return `[Element ${nodeName}]`;
    if (BOXED.test(Object.prototype.toString.call(value))) return copy(value.valueOf(), path);
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const item = copyField(value, key, path);
      // An assignment to `__proto__` would call the setter that changes the prototype.
      if (key === '__proto__') Object.defineProperty(result, key, { value: item, enumerable: true });
      else if (item !== undefined) result[key] = item;
    }
    return result;
  }

  function copyField(owner: object, key: string, path: readonly unknown[]): unknown {
    try {
      return copy((owner as Record<string, unknown>)[key], path);
    } catch {
      return '[Unreadable]'; // a getter that throws loses its own field only
    }
  }

  return copy(whole, []);
}
