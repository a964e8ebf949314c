import { inPrerender, lifecycle, onAddressChange, type PageFacts } from '../browser.ts';
import type { ConsentState } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { PageView } from './page-view.ts';

/** The page views that the SDK makes by itself. */
export interface PageViews {
  /** Notes the current page as a view, unless it is the page that was noted last. */
  see(): void;
  /** Makes the view that waits for its title, with the current title. */
  settle(): void;
  /** Called when the visitor agrees: from now on the file that watches titles may be loaded. */
  follow(): void;
}

/**
 * Notes the pages that the visitor sees, also before the visitor has decided about consent. A second file, loaded after the
 * visitor has agreed, finds out when a title has settled.
 * @param snapshot returns time and facts of the current page
 * @param make calls `page()` for a view; until that call is made, the title of the view may still change
 * @param ending aborts when the SDK is closed
 */
export function createPageViews(
  { mode, hash, search, replace }: AnalyticsSettings['pageViews'],
  consent: () => ConsentState,
  snapshot: () => PageView,
  make: (view: PageView) => void,
  fail: (cause: unknown) => void,
  ending: AbortSignal,
): PageViews {
  const address = ({ href }: PageFacts): string => href.replace(hash ? '' : /#.*/, '');
  const isSamePage = (one: string, other: string): boolean =>
    !search && one.replace(/\?[^#]*/, '') === other.replace(/\?[^#]*/, '');
  let view: PageView | undefined;
  /** The URL where the visitor is, also where that URL was no view. */
  let last: string | undefined;
  let isOpen = false;
  let loading: Promise<void> | undefined;
  let awaitTitle: ((before: string) => void) | undefined;

  /** Puts title and canonical URL on the view. The current URL may be that of the next page already; the title is still this page's. */
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
    if (consent() === 'denied' || inPrerender() || before === now || ending.aborted) return;
    last = now;
    if (view && before && ((isReplaced && !replace) || isSamePage(before, now))) {
      // A view whose call is not made yet takes the new URL.
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

  ending.addEventListener('abort', settle);
  lifecycle.on('hide', settle, ending);
  lifecycle.on('leave', settle, ending);
  lifecycle.on('prerenderingchange', () => see(), ending);
  if (mode === 'history') onAddressChange(see, ending);

  return {
    see,
    settle,
    follow() {
      see();
      finish();
      loading ??= import('./follow-titles.ts').then(
        ({ create }) => {
          // `close` has been called while the file was loading.
          if (ending.aborted) return;
          awaitTitle = create(consent, settle, make, ending);
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
