import type { AnalyticsEvents } from '../events.ts';

/** The methods of the console that print a line which opens. https://console.spec.whatwg.org/#grouping */
export interface Printer {
  groupCollapsed(...text: unknown[]): void;
  debug(...text: unknown[]): void;
  groupEnd(): void;
}

/** A call of the application, before its event is made. */
interface TracedCall {
  readonly id: string;
  readonly method: string;
  readonly snapshot: { readonly page: { readonly path: string } };
}

interface TracedEvents extends AnalyticsEvents {
  readonly call: TracedCall;
}

type Lines = readonly unknown[];
/** The visible line, and the lines inside it. */
type Entry = readonly [title: string, ...Lines];
type Describe = {
  readonly [Name in keyof TracedEvents]: (payload: TracedEvents[Name]) => Entry;
};

const count = (ids: readonly string[]): string => `${ids.length} event${ids.length === 1 ? '' : 's'}`;
const list = (ids: readonly string[]): string => ids.join('\n');
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const answered = (status: number | undefined): string => (status ? `answer ${status}` : 'no answer');

const DESCRIBE: Describe = {
  call: ({ id, method, snapshot }) => [`${method}() on ${snapshot.page.path}`, id],
  stored: ({ ids }) => [`stored: ${count(ids)}`, list(ids)],
  delivered: ({ ids, attempts }) => [
    `delivered: ${count(ids)}${attempts > 1 ? `, at the ${attempts}. request` : ''}`,
    list(ids),
  ],
  retrying: ({ ids, attempt, delayMs, status }) => [
    `retrying: ${count(ids)} in ${seconds(delayMs)} (${answered(status)}, request ${attempt})`,
    list(ids),
  ],
  dropped: ({ id, reason, status }) => [`dropped: ${reason}${status ? ` (${answered(status)})` : ''}`, id],
  blocked: ({ failures }) => [`blocked: ${failures} requests without an answer; events are kept`],
  consent: ({ state, categories }) => [
    `consent: ${state}`,
    ...Object.entries(categories).map(([name, isOn]) => `${name}: ${isOn ? 'on' : 'off'}`),
  ],
  identity: ({ userId }) => [`identity: ${userId === null ? 'anonymous' : 'a user'}`],
  token: ({ type, path, status }) => [`token: ${type}`, ...(path ? [`${path} (${answered(status)})`] : [])],
  error: (error) => [`error: ${error.code}`, error.message, ...(error.cause ? [error.cause] : [])],
};

/** Prints one line for each thing that happens. The line opens to the messageIds. Never prints a payload, a token or an id of a person. */
export function trace(printer: Printer, name: string, payload: unknown): void {
  try {
    // The caller passes each payload with its own name.
    const describe = DESCRIBE[name as keyof Describe] as (payload: unknown) => Entry;
    const [title, ...lines] = describe(payload);
    const line = `cio-first-party ${title}`;
    if (!lines.length) return printer.debug(line);
    printer.groupCollapsed(line);
    for (const each of lines) printer.debug(each);
    printer.groupEnd();
  } catch {
    // The page may have replaced the console, and the replacement may throw.
  }
}
