/** In every page that the extension is for: sends by way of the page's own origin. */
import { createAnalytics } from 'cio-first-party';

const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });
const told = (name: string, payload: unknown): void =>
  // The only thing that a page and a content script share is the document.
  void document.dispatchEvent(new CustomEvent('extension', { detail: JSON.stringify({ name, payload }) }));
analytics.on('delivered', (payload) => told('delivered', payload));
analytics.on('error', ({ code }) => told('error', code));
void analytics.identify('u1', { plan: 'pro' });
void analytics.page('Seen By The Extension');
void analytics.track('Clicked', { in: 'a content script' }).then((receipt) => told('receipt', receipt));
