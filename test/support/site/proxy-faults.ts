/** Faults between a browser and its proxy. */

/** A fault applies to the requests that match all its conditions; the first fault that applies decides. */
export interface Fault {
  /** The decompressed body contains this text. */
  readonly contains?: string;
  /** The path ends with this text. */
  readonly path?: string;
  /** The decompressed body has at least this many bytes. */
  readonly minBytes?: number;
  /** The body is compressed, or not. */
  readonly gzip?: boolean;
  /** How many requests this fault applies to. */
  readonly times?: number;
  /** A delay before the fault, in milliseconds. */
  readonly delayMs?: number;
  readonly does: Deed;
}

/**
 * `cut`: closes the connection before the body is read. `cut-late`: reads the body, then closes the
 * connection. `hang`: reads the body and never responds. `lose-answer`: delivers the events, then closes the
 * connection. `halve-answer`: delivers the events, then closes the connection between the status line and the
 * end of the body. `withhold-answer`: delivers the events and never responds. `pass`: no fault.
 */
export type Deed =
  'cut' | 'cut-late' | 'hang' | 'lose-answer' | 'halve-answer' | 'withhold-answer' | 'pass' | FixedAnswer;

export interface FixedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Faults {
  /** Whether every connection is closed at once, which is decided before a body is read. */
  isDown(): boolean;
  /** Returns the fault that applies to this request. */
  next(request: { readonly text: string; readonly gzip: boolean; readonly path: string }): Fault | undefined;
}

export function createFaults(faults: readonly Fault[]): Faults {
  const left = faults.map(({ times = Infinity }) => times);

  function matches(fault: Fault, text: string, gzip: boolean, at: string): boolean {
    const { contains = '', minBytes = 0, path = '' } = fault;
    if (fault.gzip !== undefined && fault.gzip !== gzip) return false;
    if (!at.endsWith(path)) return false;
    return text.includes(contains) && Buffer.byteLength(text) >= minBytes;
  }

  function use(at: number): boolean {
    if ((left[at] ?? 0) < 1) return false;
    left[at] = (left[at] ?? 0) - 1;
    return true;
  }

  return {
    isDown: () => faults.some(({ does }, at) => does === 'cut' && use(at)),
    next: ({ text, gzip, path }) => faults.find((fault, at) => matches(fault, text, gzip, path) && use(at)),
  };
}
