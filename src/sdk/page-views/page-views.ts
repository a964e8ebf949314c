import { inPrerender, lifecycle, onAddressChange, type PageFacts } from '../browser.ts';
import type { ConsentState } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { PageView } from './page-view.ts';

/** The page views that the SDK makes by itself. */
export interface PageViews {
  /** Notes the page of this moment, unless it is the one that was noted last. */
  see(): void;
  /** Makes the view that waits for its title, with the title of this moment. */
  settle(): void;
  /** The visitor agrees: from now on a file may be loaded. */
  follow(): void;
}

/**
 * Notes what the visitor sees, also before they have decided. When a title has settled is known by a file that is loaded once
 * they have agreed.
 * @param snapshot the page of this moment
 * @param make a call of `page()`; until it runs, the title of the view may follow
 * @param stops takes what ends it
 */
export function createPageViews(
  { mode, hash, search, replace }: AnalyticsSettings['pageViews'],
  consent: () => ConsentState,
  snapshot: () => PageView,
  make: (view: PageView) => void,
  fail: (cause: unknown) => void,
  stops: (() => void)[],
): PageViews {
  const address = ({ href }: PageFacts): string => href.replace(hash ? '' : /#.*/, '');
  const isSamePage = (one: string, other: string): boolean =>
    !search && one.replace(/\?[^#]*/, '') === other.replace(/\?[^#]*/, '');
  let view: PageView | undefined;
  /** Where the visitor is, whether that was a view or not. */
  let last: string | undefined;
  let isOpen = false;
  let loading: Promise<void> | undefined;
  let awaitTitle: ((before: string) => void) | undefined;

  /** The address may be that of the next page already; the title is still that of this one. */
  function finish(): void {
    if (!view) return;
    const { title, declared } = snapshot().page;
    const { page } = view;
    const canonical = hash ? page.href : declared === page.declared ? page.canonical : declared;
    view.page = { ...page, title, canonical };
  }

  function settle(): PageView | undefined {
    finish();
    if (view && isOpen) {
      isOpen = false;
      make(view);
    }
    return view;
  }

  function see(isReplaced?: boolean): void {
    const next = snapshot();
    const before = last;
    const now = address(next.page);
    if (consent() === 'denied' || inPrerender() || before === now || !stops.length) return;
    last = now;
    if (view && before && ((isReplaced && !replace) || isSamePage(before, now))) {
      // One that nobody has heard of yet is the view of the address that it has got meanwhile.
      if (isOpen) view.page = { ...next.page, referrer: view.page.referrer };
      return;
    }
    settle();
    if (before) next.page = { ...next.page, referrer: before };
    view = next;
    isOpen = true;
    if (mode === 'load') settle();
    else awaitTitle?.(next.page.title);
  }

  stops.push(
    settle,
    lifecycle.on('hide', settle),
    lifecycle.on('leave', settle),
    lifecycle.on('prerenderingchange', () => see()),
  );
  if (mode === 'history') onAddressChange(see, stops);

  return {
    see,
    settle,
    follow() {
      see();
      finish();
      loading ??= import('./follow-titles.ts').then(
        ({ create }) => {
          // Not if it was closed meanwhile.
          if (!stops.length) return;
          awaitTitle = create(consent, settle, make, stops);
          if (view && isOpen) awaitTitle(view.page.title);
        },
        (cause: unknown) => {
          fail(cause);
          awaitTitle = settle;
          settle();
        },
      );
    },
  };
}
