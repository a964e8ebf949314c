import { asksForPrivacy, noStop } from '../platform-page.ts';
import { silentSource, wrongOptions } from '../source-mistakes.ts';
import { type ConsentSource, createSource } from '../source.ts';

/**
 * Creates a consent source of Global Privacy Control. The source denies if the browser sends that signal, and otherwise has no
 * decision. Use it together with a source that can grant: `createAnalytics` refuses it as the only source. The function has no
 * options. For any option, the SDK logs one `console.error`, the source never denies, and consent is never granted.
 * https://w3c.github.io/gpc/
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { globalPrivacyControl, oneTrust } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: [oneTrust(), globalPrivacyControl()],
 * });
 */
export function globalPrivacyControl(): ConsentSource;
export function globalPrivacyControl(options: unknown = {}): ConsentSource {
  const silent = silentSource(
    'globalPrivacyControl',
    wrongOptions(options, {}, 'left out: the function takes no options'),
  );
  if (silent) return silent;
  return createSource({
    name: 'globalPrivacyControl',
    onlyDenies: true,
    decide: () => (asksForPrivacy() ? { state: 'denied' } : undefined),
    // The browser sets the signal when the page loads, and dispatches no event when the visitor changes it.
    watch: () => noStop,
  });
}
