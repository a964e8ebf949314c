/** Continues the hash `hash` with the bytes from `from` to `to`. FNV-1a: https://www.rfc-editor.org/rfc/rfc9923 */
export function hashOfBytes(hash: number, bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash;
}

/** Whether `length` bytes of `bytes` from `from` equal those of `other` from `otherFrom`. */
export function areSameBytes(
  bytes: Uint8Array,
  from: number,
  other: Uint8Array,
  otherFrom: number,
  length: number,
): boolean {
  for (let i = length - 1; i >= 0; i -= 1) if (bytes[from + i] !== other[otherFrom + i]) return false;
  return true;
}

/**
 * Whether the same bytes are in two places of one view. Compares four bytes at a time, which takes half the time of one at a
 * time. `length` must be at least 4.
 */
export function areSameIn(view: DataView, from: number, otherFrom: number, length: number): boolean {
  const last = length - 4;
  for (let i = 0; i < last; i += 4)
    if (view.getInt32(from + i) !== view.getInt32(otherFrom + i)) return false;
  // The last four bytes: some of them may have been compared above already.
  return view.getInt32(from + last) === view.getInt32(otherFrom + last);
}
