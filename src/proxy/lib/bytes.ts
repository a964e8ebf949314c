/** Bytes in an `ArrayBuffer`, as `fetch`, `crypto.subtle` and streams take them: not in a `SharedArrayBuffer`. */
export type Bytes = Uint8Array<ArrayBuffer>;
