import { clock, lifecycle, pageFacts } from '../browser.ts';
import type { ConsentState } from '../events.ts';
import type { PageView } from './page-view.ts';
import { createTitleWatch } from './title-watch.ts';

/** Settles a view when its title has; is told the title that there was when its address came. */
export type TitleWatch = (before: string) => void;

/** What page views need besides the addresses, for visitors who have agreed. */
export function followTitles(
  consent: () => ConsentState,
  settle: () => PageView | undefined,
  make: (view: PageView) => void,
  stops: (() => void)[],
): TitleWatch {
  stops.push(
    // A page that comes back from the back/forward cache is seen again, from where it was come to at first.
    lifecycle.on('return', () => {
      const view = settle();
      if (view && consent() === 'granted') make({ ...view, at: clock.now() });
    }),
  );
  return createTitleWatch({ clock, isHidden: lifecycle.hidden, title: () => pageFacts().title, settle });
}

/** The first load imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { followTitles as create };
