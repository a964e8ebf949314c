import { callMethod, entriesOf, fieldsOf, hasMethod, textsIn } from '../untrusted.ts';
import { globalNamed, onEvents } from '../platform-page.ts';
import { aModule } from '../source-mistakes.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/** Options of `cookieConsent`. */
export interface CookieConsentOptions extends SourceOptions {
  /** The module of CookieConsent, where the page imports it instead of loading it with a tag. @default `window.CookieConsent` */
  readonly api?: object;
}

// https://cookieconsent.orestbida.com/advanced/callbacks-events.html
const EVENTS = ['cc:onConsent', 'cc:onChange'];

/**
 * Creates a consent source of CookieConsent by Orest Bida, version 3. Reads the categories; `require` and `purposes` may also name
 * services, as `service:NAME`. Default of `require`: `analytics`, the name in the documentation of CookieConsent.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { cookieConsent } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: cookieConsent({ purposes: { analytics: ['analytics'], messaging: ['functionality'] } }),
 * });
 */
export function cookieConsent(options: CookieConsentOptions = {}): ConsentSource {
  const api = (): unknown => options.api ?? globalNamed('CookieConsent');
  let latest: PlatformReading | undefined;
  return createPlatformSource({
    name: 'cookieConsent',
    options,
    kinds: { api: aModule },
    required: ['analytics'],
    read: () => (hasMethod(api(), 'validConsent') ? readFrom(api()) : latest),
    watch: (changed) =>
      onEvents(EVENTS, (event) => {
        latest = toReading((event as CustomEvent<unknown>).detail);
        changed();
      }),
  });
}

type PreferenceFields = 'acceptedCategories' | 'rejectedCategories' | 'acceptedServices' | 'rejectedServices';

function readFrom(api: unknown): PlatformReading | undefined {
  if (callMethod(api, 'validConsent') !== true) return undefined;
  const found = fieldsOf<PreferenceFields>(callMethod(api, 'getUserPreferences'));
  return {
    categories: { ...all(found.rejectedCategories, false), ...all(found.acceptedCategories, true) },
    more: { ...services(found.rejectedServices, false), ...services(found.acceptedServices, true) },
  };
}

/**
 * Reads the cookie in an event, for pages without access to the module. The cookie contains only the accepted categories and
 * services.
 */
function toReading(detail: unknown): PlatformReading {
  const { categories, services: accepted } = fieldsOf<'categories' | 'services'>(
    fieldsOf<'cookie'>(detail).cookie,
  );
  return { categories: all(categories, true), more: services(accepted, true), onlyOn: /./ };
}

const all = (names: unknown, isOn: boolean): Record<string, boolean> =>
  Object.fromEntries(textsIn(names).map((name) => [name, isOn]));

const services = (byCategory: unknown, isOn: boolean): Record<string, boolean> =>
  all(
    entriesOf(byCategory).flatMap(([, names]) => textsIn(names).map((name) => `service:${name}`)),
    isOn,
  );
