/** What stands in a page before the script has come: `cio-first-party snippet` prints it, minified. Every byte counts. */
import { pageGlobal } from '../browser.ts';
import type { QueuedCall } from './queued-call.ts';

/** The six that make an event come first. What answers at once (`stats`, `user` …) is not there before the script. */
const METHODS =
  'track page screen identify group alias createAnalytics on ready reset anonymize setAnonymousId register ' +
  'addSourceMiddleware setCustomerToken flush fetch consent.grant consent.deny inbox.messages inbox.onChange ' +
  'customer.attributes customer.subscriptions';
const EVENTS = 6;
/** Beyond it the oldest goes, but for the very first, which may be `createAnalytics`. */
const MAX_CALLS = 1_000;

type Owner = Record<string, unknown>;
type Page = Owner & Window & { readonly Date: DateConstructor };

((name: string): void => {
  const page = pageGlobal() as unknown as Page;
  const queue = (page[name] = page[name] || []) as QueuedCall[] & Owner;
  // Where the SDK itself has come already there is nothing to push to.
  if (queue.push)
    METHODS.split(' ').map((method, i) => {
      const [part, own] = method.split('.') as [string, string?];
      const owner = (own ? (queue[part] = queue[part] || {}) : queue) as Owner;
      owner[own || part] = (...args: unknown[]) => {
        const answer = new Promise((done) => {
          const { href, pathname: path, search } = page.location;
          queue.push(
            Object.assign(
              [
                method,
                ...args.map((arg) => {
                  // What changes after the call must not change the event; callbacks stay what they are.
                  try {
                    return i < EVENTS ? JSON.parse(JSON.stringify(arg)) : arg;
                  } catch {
                    return arg;
                  }
                }),
              ],
              {
                made: { at: page.Date.now(), page: { href, path, search, title: page.document.title } },
                done,
              },
            ),
          );
          if (queue.length > MAX_CALLS) queue.splice(1, 1);
        });
        // Who does not look at it does not hear of a failure either.
        answer.catch(() => {});
        return answer;
      };
    });
})('cioanalytics');
