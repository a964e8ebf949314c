import type { Analytics, Receipt } from '../api.ts';
import { onElementEvent } from '../browser.ts';
import { SdkError } from '../../protocol/errors.ts';
import { isCallback } from '../event/arguments.ts';
import type { EventMethod } from '../event/call.ts';
import type { Snapshot } from '../event/snapshot.ts';
import { takeSnapshot } from '../event/take-snapshot.ts';
import type { Emitter } from '../events.ts';
import type { VendorMembers } from '../vendor-api.ts';

declare const __VERSION__: string;

/** Methods whose code is in `vendor-calls.ts`. */
const RARE_METHODS =
  'queryString init initialize load addDestinationMiddleware addIntegrationMiddleware addIntegration add normalize noConflict ' +
  'log addEventListener removeEventListener removeListener removeAllListeners listeners hasListeners';
/** Not enumerable, because code that copies or prints the instance must not read those that throw, or a cycle. */
const PROPERTIES = 'instance ctx options queue settings storage';

export const unsupported = (name: string, instead: string): SdkError =>
  new SdkError('unsupported', `${name} is not supported: use ${instead}`);

/**
 * Adds the members of Customer.io's SDK beside those that `Analytics` declares itself.
 * @param attempt runs a function, and reports what it throws
 * @param inTurn runs a function in its turn among the calls, and never where the visitor does not agree
 * @param hasPage false on a server and after wrong options: no property throws there
 */
export function addVendorMembers(
  own: Omit<Analytics, keyof VendorMembers>,
  { once, off, emit }: Emitter,
  integrations: unknown,
  call: (method: EventMethod, args: readonly unknown[], taken?: Snapshot) => Promise<Receipt>,
  attempt: (act: () => unknown) => unknown,
  setDebug: (isOn: unknown) => void,
  inTurn: <T>(act: () => Promise<T>) => Promise<T | undefined>,
  fail: (error: SdkError) => void,
  hasPage: unknown,
): Analytics {
  const analytics = own as Record<string, unknown> & Analytics;
  const chained =
    (act: (...args: never[]) => unknown) =>
    (...args: readonly unknown[]): Analytics => {
      attempt(() => act(...(args as never[])));
      return analytics;
    };
  const tracker =
    (type: string) =>
    async (elements: Tracked, event: unknown, properties: unknown, options: unknown): Promise<Analytics> =>
      chained(() => {
        for (const element of listOf(elements))
          onElementEvent(element, type, () =>
            attempt(() => call('track', [of(event, element), of(properties, element), options])),
          );
      })();
  const trackLink = tracker('click');
  const trackForm = tracker('submit');
  const pageview = (path: unknown): Promise<Receipt> => call('page', [{ path }]);

  Object.assign(analytics, {
    trackLink,
    trackClick: trackLink,
    trackForm,
    trackSubmit: trackForm,
    pageview,
    pageView: pageview,
    once: chained(once),
    off: chained(off),
    emit: chained(emit),
    debug: chained(setDebug),
    use: chained((run: (instance: Analytics) => void) => run(analytics)),
    timeout() {},
    push: chained(([name, ...args]: [string, ...unknown[]]) =>
      (analytics[name] as (...given: unknown[]) => unknown)(...args),
    ),
    VERSION: __VERSION__,
    initialized: true,
    integrations,
    plugins: {},
    Integrations: {},
    failedInitializations: [],
  });
  for (const name of RARE_METHODS.split(' '))
    analytics[name] = (...args: readonly unknown[]) => {
      const taken = hasPage ? takeSnapshot() : undefined;
      const done = inTurn(() => import('./vendor-calls.ts')).then((file) =>
        file?.create(name, args, analytics, (method, given) => call(method, given, taken), unsupported),
      );
      // Code that was written for another SDK may not expect a rejection: it is an `error` event, and no `unhandledrejection`.
      done.catch(fail);
      return done;
    };
  for (const name of PROPERTIES.split(' '))
    Object.defineProperty(analytics, name, {
      get() {
        if (name === 'instance') return analytics;
        if (hasPage) throw unsupported(name, 'on, user, register or the options of createAnalytics');
        return undefined;
      },
    });
  return analytics;
}

interface Listed extends Iterable<Element> {
  readonly nodeType?: unknown;
  toArray?(): Iterable<Element>;
}
type Tracked = Element | Listed | null | undefined;

const listOf = (elements: Tracked): Iterable<Element> => {
  const list = elements as Listed | undefined;
  // A form is iterable too: its list has the fields.
  return list?.nodeType ? [elements as Element] : (list?.toArray?.() ?? list ?? []);
};

const of = (value: unknown, element: Element): unknown => (isCallback(value) ? value(element) : value);
