/**
 * Compiled by `tsc -p test/tsconfig.json`, never run: the instance has every member that the declarations of Customer.io's SDK have, so
 * that a new version of that SDK shows here what is missing.
 */
import type { Analytics as VendorAnalytics, AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
import type { Analytics, Receipt } from '../../src/index.ts';

/** With them an instance would be a promise, and `await` would resolve it to something else. */
type Absent = 'then' | 'catch' | 'finally';
type VendorMember = Exclude<keyof VendorAnalytics | keyof AnalyticsBrowser, Absent>;

/** A type error names the members that are missing. */
export type Missing = Exclude<VendorMember, keyof Analytics>;
export const missing: [Missing] extends [never] ? true : Missing = true;
export const absent: [Extract<keyof Analytics, Absent>] extends [never] ? true : never = true;

/** Members that are functions there are functions here. `plugins` has the type `any` there. */
type Methods<T> = {
  [Name in keyof T]-?: NonNullable<T[Name]> extends (...args: never[]) => unknown ? Name : never;
}[keyof T];
type VendorMethod = Exclude<Methods<VendorAnalytics> | Methods<AnalyticsBrowser>, Absent | 'plugins'>;
export type NoMethods = Exclude<VendorMethod, Methods<Analytics>>;
export const noMethods: [NoMethods] extends [never] ? true : NoMethods = true;

declare const theirs: VendorAnalytics;
declare const ours: Analytics;
declare const link: HTMLAnchorElement;
declare const form: HTMLFormElement;

// The same calls compile with both.
for (const analytics of [theirs, ours]) {
  void analytics.trackLink(link, 'E', { a: 1 });
  void analytics.trackLink(
    [link],
    () => 'E',
    () => ({ a: 1 }),
    {},
  );
  void analytics.trackLink({ toArray: () => [link] }, 'E');
  void analytics.trackLink(null, 'E');
  void analytics.trackForm(form, 'E');
  void analytics.trackSubmit([form], 'E', { a: 1 });
  void analytics.pageview('/path');
  void analytics.queryString('?ajs_uid=u1');
  analytics.once('track', () => {}).off('track', () => {});
  analytics.emit('free name', 1);
  analytics.debug(true);
  analytics.timeout(500);
  const version: string = analytics.VERSION;
  void version;
}

// More than there: the element's own type, lists of the DOM, receipts.
void ours.trackLink(
  link,
  (element) => element.href,
  (element) => ({ text: element.text }),
);
void ours.trackLink(document.querySelectorAll('a'), 'E');
const receipts: Promise<readonly Receipt[]> = ours.queryString('');
void receipts;
// @ts-expect-error the name of the event is missing
void ours.trackLink(link);
