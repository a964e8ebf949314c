/** The extension's service worker, which is told where to send; its ids would else last as long as it does. */
import { createAnalytics, type Receipt } from 'cio-first-party';

Object.assign(globalThis, {
  start(proxyUrl: string): Promise<Receipt> {
    const analytics = createAnalytics({ proxyUrl, clientKey: 'client-api-key-web' });
    Object.assign(globalThis, { analytics });
    analytics.setAnonymousId('from-the-extension');
    return analytics.track('From The Worker', { in: 'a service worker' });
  },
});
