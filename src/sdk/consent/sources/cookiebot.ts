import { fieldsOf } from '../untrusted.ts';
import { globalNamed, onEvents } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

export type CookiebotCategory = 'necessary' | 'preferences' | 'statistics' | 'marketing';

const CATEGORIES: readonly CookiebotCategory[] = ['necessary', 'preferences', 'statistics', 'marketing'];

// https://www.cookiebot.com/en/developer/
const EVENTS = ['CookiebotOnConsentReady', 'CookiebotOnAccept', 'CookiebotOnDecline'];

/** Cookiebot: its four categories, once there is a response. `granted` needs `statistics`, if not said otherwise. */
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
  // Until the script has run, this may be its own element, whose id is the same word.
  const platform = fieldsOf<'consent' | 'hasResponse' | 'consented' | 'declined'>(globalNamed('Cookiebot'));
  const { consent, hasResponse, consented, declined } = platform;
  // Where Cookiebot agrees by itself (`consent.method` is `implied`), nobody may have responded.
  const isDecided = hasResponse === true || consented === true || declined === true;
  if (!isDecided || typeof consent !== 'object') return undefined;
  const given = fieldsOf<CookiebotCategory>(consent);
  return { categories: Object.fromEntries(CATEGORIES.map((name) => [name, given[name] === true])) };
}
