/** Five tabs of one site track while they are closed one after the other, the leader first. */
import { trackAll } from '../../support/page/calls.ts';
import { closeTab, openTabs, untilSomebodyLeads } from '../../support/browser/tabs.ts';
import { numbered } from '../../support/site/stand-in.ts';
import { everywhere, expectOnce, test } from './setup.ts';

const TABS = 5;

everywhere(() => {
  test('five tabs track while four of them are closed: each event arrives once', async ({
    context,
    site,
    standIn,
  }) => {
    const tabs = (await openTabs(context, `${site.origin}/shop`, TABS)).slice();
    const names: string[] = [];
    for (let closed = 0; tabs.length > 1; closed++) {
      for (const [at, tab] of tabs.entries()) {
        const own = numbered(5, `${closed} closed, tab ${at}, event`);
        names.push(...own);
        await trackAll(tab, own);
      }
      const [first] = tabs;
      if (first) await untilSomebodyLeads(first);
      // The leader, which was opened first, is closed; then a tab that is not the leader; and so on.
      const [goes] = tabs.splice(closed % 2 ? tabs.length - 1 : 0, 1);
      if (goes) await closeTab(goes);
    }
    const [last] = tabs;
    if (!last) throw new Error('No tab is left');
    await trackAll(last, ['The end']);
    await expectOnce({ site, standIn, page: last }, [...names, 'The end']);
  });
});
