import type { AnalyticsEvents } from '../events.ts';

/** The methods of the console that print a line which opens. https://console.spec.whatwg.org/#grouping */
export interface Printer {
  groupCollapsed(...text: unknown[]): void;
  log(...text: unknown[]): void;
  groupEnd(): void;
}

/** A call of the application, before its event is made. */
interface TracedCall {
  readonly id: string;
  readonly method: string;
  readonly args: readonly unknown[];
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

/** The names of the last events of this page, by their ids: `track "Order Placed"`, `page`, `identify`. */
const names = new Map<string, string>();
const MOST_NAMES = 1_000;

/** Returns the method and, of `track`, `page` and `screen`, the name that the application has given. Ids and traits are not shown. */
function nameOf({ id, method, args }: TracedCall): string {
  const isNamed = method === 'track' || method === 'page' || method === 'screen';
  // `page('Docs', 'Install')` has a category before its name; `track({ event: 'Order Placed' })` has its name in an object.
  const texts = args.slice(0, 2).filter((each) => typeof each === 'string');
  const { event } = Object(args[0]) as { readonly event?: unknown };
  const given = method === 'track' ? (texts[0] ?? event) : texts.at(-1);
  const name = isNamed && typeof given === 'string' ? `${method} ${JSON.stringify(given)}` : method;
  names.set(id, name);
  for (const oldest of names.keys()) if (names.size > MOST_NAMES) names.delete(oldest);
  return name;
}

const nameFor = (id: string): string => names.get(id) ?? 'an event of another page or tab';
const SHOWN_NAMES = 3;

/** `track "Order Placed"`, or the names of the first events and how many more there are. */
function named(ids: readonly string[]): string {
  const shown = ids.slice(0, SHOWN_NAMES).map(nameFor).join(', ');
  return ids.length > SHOWN_NAMES ? `${shown} and ${ids.length - SHOWN_NAMES} more` : shown;
}
const list = (ids: readonly string[]): string => ids.map((id) => `${id} ${nameFor(id)}`).join('\n');
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const answered = (status: number | undefined): string => (status ? `HTTP status ${status}` : 'no answer');

const DESCRIBE: Describe = {
  call: (call) => [`called: ${nameOf(call)} on ${call.snapshot.page.path}`, call.id],
  stored: ({ ids }) => [`stored: ${named(ids)}`, list(ids)],
  delivered: ({ ids, attempts }) => [
    `delivered: ${named(ids)}${attempts > 1 ? ` (request ${attempts})` : ''}`,
    list(ids),
  ],
  retrying: ({ ids, attempt, delayMs, status }) => [
    `retrying in ${seconds(delayMs)}: ${named(ids)} (${answered(status)}, request ${attempt})`,
    list(ids),
  ],
  dropped: ({ id, reason, status }) => [
    `dropped: ${nameFor(id)}, ${reason}${status ? ` (${answered(status)})` : ''}`,
    id,
  ],
  blocked: ({ failures }) => [`blocked: ${failures} requests without an answer; events are kept`],
  consent: ({ state, categories }) => [
    `consent: ${state}`,
    ...Object.entries(categories).map(([name, isOn]) => `${name}: ${isOn ? 'on' : 'off'}`),
  ],
  identity: ({ userId }) => [`identity: ${userId === null ? 'anonymous' : 'a user'}`],
  token: ({ type, path, status }) => [`token: ${type}`, ...(path ? [`${path} (${answered(status)})`] : [])],
  message: ({ type, messageId }) => [`message ${type}: ${messageId}`],
  error: (error) => [`error: ${error.code}`, error.message, ...(error.cause ? [error.cause] : [])],
};

/**
 * Prints one line for each thing that happens, at the level that browsers show by default. The line opens to the messageIds. Never
 * prints a payload, a token or an id of a person.
 */
export function trace(printer: Printer, name: string, payload: unknown): void {
  try {
    // The caller passes each payload with its own name.
    const describe = DESCRIBE[name as keyof Describe] as (payload: unknown) => Entry;
    const [title, ...lines] = describe(payload);
    const line = `cio-first-party ${title}`;
    if (!lines.length) return printer.log(line);
    printer.groupCollapsed(line);
    for (const each of lines) printer.log(each);
    printer.groupEnd();
  } catch {
    // The page may have replaced the console, and the replacement may throw.
  }
}
