/** Bytes in memory of their own, as `fetch`, `crypto.subtle` and streams take them: never in a `SharedArrayBuffer`. */
export type Bytes = Uint8Array<ArrayBuffer>;
