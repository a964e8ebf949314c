/** What can go wrong between a browser and its proxy. */

/** Applies to the requests that match all its conditions; the first fault that applies is what happens. */
export interface Fault {
  /** Only where the body, unpacked, holds this text. */
  readonly contains?: string;
  /** Only where the path ends with this. */
  readonly path?: string;
  /** Only where the body, unpacked, has at least so many bytes. */
  readonly minBytes?: number;
  /** Only where the body is packed. */
  readonly gzip?: boolean;
  /** Only so often. */
  readonly times?: number;
  /** First waits for so long. */
  readonly delayMs?: number;
  readonly does: Deed;
}

/**
 * `cut`: hangs up before the body is read. `cut-late`: reads the body, and hangs up. `hang`: reads the body, and says
 * nothing for ever. `lose-answer`: delivers, and hangs up. `halve-answer`: delivers, and hangs up between the status and
 * the end of the body. `withhold-answer`: delivers, and says nothing for ever. `pass`: nothing else.
 */
export type Deed =
  'cut' | 'cut-late' | 'hang' | 'lose-answer' | 'halve-answer' | 'withhold-answer' | 'pass' | FixedAnswer;

export interface FixedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Faults {
  /** Known before the body is: hang up at once. */
  isDown(): boolean;
  /** What happens to this request. */
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
