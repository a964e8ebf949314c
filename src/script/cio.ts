import { createAnalytics } from '../create.ts';
import { currentScript, pageGlobal } from '../browser.ts';
import type { AnalyticsOptions } from '../options.ts';
import { replay } from './replay.ts';

/**
 * The classic script: makes the SDK from the attributes of its own tag, and takes over the calls that were made before it
 * came. `data-proxy-url`, `data-client-key`, `data-consent`, `data-global` (default `cioanalytics`), `data-debug`.
 */
const { proxyUrl, clientKey, consent, global = 'cioanalytics', debug } = currentScript()?.dataset ?? {};

const page = pageGlobal();
const before = page[global];
if (proxyUrl && clientKey) {
  const analytics = createAnalytics({
    proxyUrl,
    clientKey,
    ...(consent ? { consent: consent as NonNullable<AnalyticsOptions['consent']> } : {}), // checked by createAnalytics
    ...(debug === undefined ? {} : { debug: debug !== 'false' }),
  });
  page[global] = Object.assign(analytics, { createAnalytics });
  replay(analytics, before);
} else {
  // Without a key the page makes its instances itself.
  page[global] = Object.assign(before ?? {}, { createAnalytics });
}
