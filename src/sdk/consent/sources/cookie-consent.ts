import { callMethod, entriesOf, fieldsOf, hasMethod, textsIn } from '../untrusted.ts';
import { globalNamed, onEvents } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

export interface CookieConsentOptions extends SourceOptions {
  /** The module, where the page imports it instead of loading it with a tag. @default `window.CookieConsent` */
  readonly api?: object;
}

// https://cookieconsent.orestbida.com/advanced/callbacks-events.html
const EVENTS = ['cc:onConsent', 'cc:onChange'];

/**
 * CookieConsent by Orest Bida, version 3: its categories; services may be named as `service:NAME`. `granted` needs `analytics`,
 * as its documentation calls that, if not said otherwise.
 */
export function cookieConsent(options: CookieConsentOptions = {}): ConsentSource {
  const api = (): unknown => options.api ?? globalNamed('CookieConsent');
  let latest: PlatformReading | undefined;
  return createPlatformSource({
    name: 'cookieConsent',
    options,
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

/** Where its module is not at hand: the event has the cookie, which holds what was accepted. */
function toReading(detail: unknown): PlatformReading {
  const { categories, services: accepted } = fieldsOf<'categories' | 'services'>(
    fieldsOf<'cookie'>(detail).cookie,
  );
  return { categories: all(categories, true), more: services(accepted, true) };
}

const all = (names: unknown, isOn: boolean): Record<string, boolean> =>
  Object.fromEntries(textsIn(names).map((name) => [name, isOn]));

const services = (byCategory: unknown, isOn: boolean): Record<string, boolean> =>
  all(
    entriesOf(byCategory).flatMap(([, names]) => textsIn(names).map((name) => `service:${name}`)),
    isOn,
  );
