import { inPrerender, lifecycle, onAddressChange, type PageFacts } from '../browser.ts';
import type { ConsentState } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';

/** A view of a page, noted when its address came. */
export interface PageView {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Its title and canonical address follow: frameworks set them after the address. */
  page: PageFacts;
}

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
    if (consent() === 'denied' || inPrerender() || before === now || ending.aborted) return;
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
          // Not if it was closed meanwhile.
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
