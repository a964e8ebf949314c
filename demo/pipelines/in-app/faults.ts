/** Faults of single paths of the in-app service, and of files of the frame. */
import { type Check, type Fields, integer, oneOf, readFields, text } from '../../fields.ts';
import { IN_APP_ROUTES, type InAppRoute, type InAppTarget } from './routes.ts';
import { aBoolean, headerMap } from './settings.ts';

/**
 * One fault. Without `status`, `html`, `text`, `hang` and `cut` the request is answered as without a fault, after
 * `delayMs`.
 */
export interface InAppFault {
  readonly route: InAppRoute;
  /** Limits the fault to requests about this person. */
  readonly userId?: string;
  /** Limits the fault to files of the frame whose path ends with this text. */
  readonly file?: string;
  /** The number of requests that fail. @default all */
  readonly times?: number;
  /** The time before the response, in milliseconds. The response is what was true when the request arrived. */
  readonly delayMs?: number;
  /** The status of the response. The request changes nothing. */
  readonly status?: number;
  /** The header `Retry-After` of the response. */
  readonly retryAfter?: string;
  /** More headers of the response, such as `Location`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The response is an HTML page, with `status` (default 200). The request changes nothing. */
  readonly html?: boolean;
  /** The body of the response, as JSON, with `status` (default 200). The request changes nothing. */
  readonly text?: string;
  /** The request gets no response, and the connection stays open. The request changes nothing. */
  readonly hang?: boolean;
  /**
   * `before`: closes the connection without a response, and the request changes nothing. `within`: the request takes
   * effect, and the connection closes after the headers and half of the body.
   */
  readonly cut?: 'before' | 'within';
}

export interface InAppFaults {
  all(): readonly InAppFault[];
  /** Replaces all faults. */
  replace(faults: readonly InAppFault[]): void;
  /** Returns the first fault that applies to the request, and counts it. */
  take(target: InAppTarget, userId: string): InAppFault | undefined;
}

export function createInAppFaults(): InAppFaults {
  let faults: readonly { readonly fault: InAppFault; left: number }[] = [];
  return {
    all: () => faults.map(({ fault }) => fault),
    replace(given) {
      faults = given.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
    },
    take({ route, id }, userId) {
      const found = faults.find(
        ({ fault, left }) =>
          left > 0 &&
          fault.route === route &&
          (fault.userId === undefined || fault.userId === userId) &&
          (fault.file === undefined || id.endsWith(fault.file)),
      );
      if (found) found.left -= 1;
      return found?.fault;
    },
  };
}

const anyText: Check<string> = {
  expects: 'a string',
  accepts: (value): value is string => typeof value === 'string',
};

/** Reads one fault of a control request. */
export function readInAppFault(body: unknown): Fields<InAppFault> {
  const read = readFields<Required<InAppFault>>(body, {
    route: oneOf(...IN_APP_ROUTES),
    userId: text(10_000),
    file: text(1_000),
    times: integer(1, 100_000),
    delayMs: integer(0, 120_000),
    status: integer(200, 599),
    retryAfter: text(100),
    headers: headerMap,
    html: aBoolean,
    text: anyText,
    hang: aBoolean,
    cut: oneOf('before', 'within'),
  });
  return read.ok && read.fields.route === undefined ? { ok: false, message: '"route" is missing' } : read;
}
