import { fieldsOf } from '../untrusted.ts';
import { globalNamed, onEvents } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/** The four categories of Cookiebot. */
export type CookiebotCategory = 'necessary' | 'preferences' | 'statistics' | 'marketing';

const CATEGORIES: readonly CookiebotCategory[] = ['necessary', 'preferences', 'statistics', 'marketing'];

// https://www.cookiebot.com/en/developer/
const EVENTS = ['CookiebotOnConsentReady', 'CookiebotOnAccept', 'CookiebotOnDecline'];

/**
 * Creates a consent source of Cookiebot. Reads its four categories, once there is a response. Default of `require`: `statistics`.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { cookiebot } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: cookiebot({ purposes: { analytics: ['statistics'], messaging: ['preferences'] } }),
 * });
 */
export function cookiebot(options: SourceOptions<CookiebotCategory> = {}): ConsentSource {
  return createPlatformSource({
    name: 'cookiebot',
    options,
    required: ['statistics'],
    read,
    watch: (changed) => onEvents(EVENTS, changed),
  });
}

function read(): PlatformReading | undefined {
  // Before Cookiebot's script has run, this global may be the element of its tag, which has the id `Cookiebot`.
  const platform = fieldsOf<'consent' | 'hasResponse' | 'consented' | 'declined'>(globalNamed('Cookiebot'));
  const { consent, hasResponse, consented, declined } = platform;
  // Where Cookiebot assumes consent (`consent.method` is `implied`), `consented` is true without a response of the visitor.
  const isDecided = hasResponse === true || consented === true || declined === true;
  if (!isDecided || typeof consent !== 'object') return undefined;
  const choices = fieldsOf<CookiebotCategory>(consent);
  return { categories: Object.fromEntries(CATEGORIES.map((name) => [name, choices[name] === true])) };
}
