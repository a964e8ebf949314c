/** The content of a database: one store, without indexes. */
export type Contents = ReadonlyMap<IDBValidKey, unknown>;
export type Draft = Map<IDBValidKey, unknown>;

/** The handlers of a request, and of a transaction. */
export interface IdbRequest {
  result?: unknown;
  error?: unknown;
  onupgradeneeded?: () => void;
  onsuccess?: () => void;
  onerror?: (event: Pick<Event, 'preventDefault'>) => void;
  oncomplete?: () => void;
  onabort?: () => void;
}

type Ask = (perform: (draft: Draft) => unknown) => IdbRequest;

interface Range {
  includes(key: IDBValidKey): boolean;
}

/** A stored value that cannot be read. A symbol cannot be cloned, so reading it fails. */
export const UNREADABLE: symbol = Symbol('unreadable');

/** The methods of `IDBObjectStore` that the SDK uses, as requests of a transaction. */
export const objectStore = (transaction: unknown, read: Ask, write: Ask): Record<string, unknown> => ({
  transaction,
  get: (key: IDBValidKey) => read((draft) => structuredClone(draft.get(key))),
  getAll: (range?: Range | null, count?: number) =>
    read((draft) => structuredClone(inRange(draft, range, count).map(([, value]) => value))),
  getAllKeys: (range?: Range | null, count?: number) =>
    read((draft) => inRange(draft, range, count).map(([key]) => key)),
  count: (range?: Range | null) => read((draft) => inRange(draft, range).length),
  put(value: unknown, key: IDBValidKey) {
    const copy: unknown = structuredClone(value);
    return write((draft) => draft.set(key, copy));
  },
  add(value: unknown, key: IDBValidKey) {
    const copy: unknown = structuredClone(value);
    return write((draft) => {
      if (draft.has(key)) throw new DOMException('It is there', 'ConstraintError');
      draft.set(key, copy);
    });
  },
  delete: (key: IDBValidKey | Range) =>
    write((draft) => {
      if (isRange(key)) for (const [each] of inRange(draft, key)) draft.delete(each);
      else draft.delete(key);
    }),
  clear: () => write((draft) => draft.clear()),
});

const isRange = (key: IDBValidKey | Range): key is Range =>
  typeof key === 'object' && 'includes' in key && 'lower' in key;

function inRange(
  contents: Contents,
  range?: Range | null,
  count = Infinity,
): readonly (readonly [IDBValidKey, unknown])[] {
  return [...contents]
    .filter(([key]) => !range || range.includes(key))
    .sort(([one], [other]) => inOrder(one, other))
    .slice(0, count);
}

/** The order of keys: numbers before strings. */
function inOrder(one: IDBValidKey, other: IDBValidKey): number {
  if (typeof one === 'number') return typeof other === 'number' ? one - other : -1;
  if (typeof other === 'number') return 1;
  return one < other ? -1 : 1;
}
