import { clock, lifecycle, pageFacts } from '../browser.ts';
import type { ConsentState } from '../events.ts';
import type { PageView } from './page-view.ts';
import { createTitleWatch } from './title-watch.ts';

/** Begins to watch the title of a new view. `before`: the title at the moment when the URL changed. */
export type TitleWatch = (before: string) => void;

/**
 * Watches titles and returns of the page, once the visitor has agreed. This file is loaded only then.
 * @param settle makes the open view with the current title, and returns the last view
 * @param make calls `page()` for a view
 * @param ending aborts when the SDK is closed
 */
export function followTitles(
  consent: () => ConsentState,
  settle: () => PageView | undefined,
  make: (view: PageView) => void,
  ending: AbortSignal,
): TitleWatch {
  lifecycle.on(
    'return',
    // A page that is shown again from the back/forward cache is a new view, with the referrer of its first one.
    () => {
      const view = settle();
      if (view && consent() === 'granted') make({ ...view, at: clock.now() });
    },
    ending,
  );
  return createTitleWatch({ clock, isHidden: lifecycle.hidden, title: () => pageFacts().title, settle });
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { followTitles as create };
