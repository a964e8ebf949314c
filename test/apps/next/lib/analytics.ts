import { createAnalytics } from 'cio-first-party';

export const analytics = createAnalytics({
  proxyUrl: '/e',
  clientKey: 'client-api-key-web',
  pageViews: 'history',
});
