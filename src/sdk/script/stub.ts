/** The stub that queues calls until the script is loaded. `cio-first-party snippet` prints it, minified, so every byte counts. */
import { pageGlobal } from '../browser.ts';
import type { QueuedCall } from './queued-call.ts';

/** The methods of the stub, first the six that make an event. Methods that return a value at once (`stats`, `user` …) need the script. */
const METHODS =
  'track page screen identify group alias pageview on once off ready reset register createAnalytics debug flush fetch trackLink ' +
  'trackForm trackClick addSourceMiddleware anonymize setAnonymousId setCustomerToken ' +
  'customer.attributes customer.subscriptions consent.grant consent.deny inbox.messages inbox.onChange';
const EVENTS = 6;
/** The most calls in the queue. Beyond, the oldest is removed, except the very first, which may be `createAnalytics`. */
const MAX_CALLS = 1_000;

type Owner = Record<string, unknown>;
type Page = Owner & Window & { readonly Date: DateConstructor };

/** Makes the global of this name a queue with these methods. */
export const makeStub = (name: string): void => {
  const page = pageGlobal() as unknown as Page;
  const queue = (page[name] = page[name] || []) as QueuedCall[] & Owner;
  // Where the global is the SDK already, there is no queue. The SDK has `push` too.
  if (queue['pop' as string])
    METHODS.split(' ').map((method, i) => {
      const [part, own] = method.split('.') as [string, string?];
      const owner = (own ? (queue[part] = queue[part] || {}) : queue) as Owner;
      owner[own || part] = (...args: unknown[]) => {
        const answer = new Promise((done) => {
          const { href, pathname: path, search } = page.location;
          queue.push(
            Object.assign(
              // No spread: the code for tag managers is ES5, which has no short form of it.
              ([method] as unknown[]).concat(
                args.map((arg) => {
                  // A copy, so that later changes of the argument do not change the event; functions cannot be copied.
                  try {
                    return i < EVENTS ? JSON.parse(JSON.stringify(arg)) : arg;
                  } catch {
                    return arg;
                  }
                }),
              ),
              {
                made: { at: page.Date.now(), page: { href, path, search, title: page.document.title } },
                done,
              },
            ),
          );
          if (queue.length > MAX_CALLS) queue.splice(1, 1);
        });
        // A caller that ignores the promise gets no unhandled rejection.
        answer.catch(() => {});
        return answer;
      };
    });
};
