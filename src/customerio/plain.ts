/** A copy of what the application gave, such as JSON can hold, taken at the call: what it changes later changes no event. */

const DEEPEST = 32;

/**
 * Follows `JSON.stringify` (functions, symbols and `undefined` are left out, or null in a list; `toJSON` is honoured; NaN is
 * null), and where that throws or says nothing, a short text stands in: `[Circular]`, `[Too deep]`, `[Unreadable]`,
 * `[Element DIV]`; a BigInt is its digits. Never throws.
 */
export function plain(value: unknown, ancestors: readonly unknown[] = []): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return null;
      try {
        return plainObject(value, ancestors);
      } catch {
        return '[Unreadable]'; // a getter, a proxy or a toJSON of the page threw
      }
    default:
      return undefined;
  }
}

function plainObject(value: object, ancestors: readonly unknown[]): unknown {
  if (ancestors.includes(value)) return '[Circular]';
  if (ancestors.length >= DEEPEST) return '[Too deep]';
  const path = [...ancestors, value];
  if (Array.isArray(value)) return value.map((item) => plain(item, path) ?? null);
  const { toJSON, nodeType, nodeName } = value as {
    toJSON?: unknown;
    nodeType?: unknown;
    nodeName?: unknown;
  };
  if (typeof toJSON === 'function') return plain(toJSON.call(value), path);
  if (typeof nodeType === 'number' && typeof nodeName === 'string') return `[Element ${nodeName}]`;
  const primitive: unknown = (value as { valueOf?(): unknown }).valueOf?.(); // `new String('x')` and its like
  if (typeof primitive !== 'object' && primitive !== undefined) return plain(primitive, path);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = readable(value, key, path);
    // Assigning would call the setter that changes the copy's prototype.
    if (key === '__proto__') Object.defineProperty(copy, key, { value: item, enumerable: true });
    else if (item !== undefined) copy[key] = item;
  }
  return copy;
}

function readable(owner: object, key: string, path: readonly unknown[]): unknown {
  try {
    return plain((owner as Record<string, unknown>)[key], path);
  } catch {
    return '[Unreadable]'; // one bad getter costs its own field only
  }
}
