import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import './style.css';

/** Scrolls the sidebar of wide screens to the link of the open page. */
function showActiveLink(): void {
  if (window.innerWidth < 960) return;
  const active = [...document.querySelectorAll('.VPSidebar .is-link.is-active')].at(-1);
  active?.scrollIntoView({ block: 'nearest' });
}

export default {
  extends: DefaultTheme,
  enhanceApp({ router }) {
    if (typeof window === 'undefined') return;
    // The sidebar opens the section of the page after the route has changed.
    router.onAfterRouteChange = () => void setTimeout(showActiveLink, 100);
  },
} satisfies Theme;
