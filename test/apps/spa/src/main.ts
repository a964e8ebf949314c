import { createAnalytics } from 'cio-first-party';

/** A single-page app, as small as one can be: it changes its address by `pushState`, and tells the SDK. */
const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
Object.assign(window, { analytics });

function show(path: string): void {
  const name = path.split('/').pop() || 'home';
  document.title = name.charAt(0).toUpperCase() + name.slice(1);
  const button = document.createElement('button');
  button.textContent = `Buy ${name}`;
  button.addEventListener('click', () => void analytics.track('Bought', { name }));
  document.querySelector('main')?.replaceChildren(button);
  void analytics.page(document.title);
}

document.querySelector('nav')?.addEventListener('click', (event) => {
  if (!(event.target instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  history.pushState(null, '', event.target.href);
  show(location.pathname);
});
window.addEventListener('popstate', () => show(location.pathname));
show(location.pathname);
