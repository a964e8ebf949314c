import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, whenThere } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/** The categories of Osano. */
export type OsanoCategory = 'ESSENTIAL' | 'STORAGE' | 'MARKETING' | 'PERSONALIZATION' | 'ANALYTICS';

/**
 * Creates a consent source of Osano. Reads the saved choices, and not the switches that the visitor has not saved yet. Default of
 * `require`: `ANALYTICS`. Osano's `OPT_OUT` is not a category here: it is on if the visitor has refused.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { osano } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: osano({ require: ['ANALYTICS', 'PERSONALIZATION'] }),
 * });
 */
export function osano(options: SourceOptions<OsanoCategory> = {}): ConsentSource {
  let latest: PlatformReading | undefined;
  let isWatching = false;
  return createPlatformSource({
    name: 'osano',
    options,
    required: ['ANALYTICS'],
    read: () => (isWatching ? latest : (readOnce() ?? latest)),
    watch(changed, attempt) {
      isWatching = true;
      const take = (consent: unknown): void =>
        attempt(() => {
          const reading = toReading(consent);
          if (!isWatching || !reading) return;
          latest = reading;
          changed();
        });
      // Osano dispatches no event on `window` when it has loaded.
      const stop = whenThere(
        findManager,
        (manager) => {
          for (const event of EVENTS) callMethod(manager, 'addEventListener', event, take);
          return () => {
            for (const event of EVENTS) callMethod(manager, 'removeEventListener', event, take);
          };
        },
        attempt,
      );
      return () => {
        isWatching = false;
        stop();
      };
    },
  });
}

// https://developers.osano.com/cmp/javascript-api/developer-documentation-consent-javascript-api
const INITIALIZED = 'osano-cm-initialized';
const EVENTS = [INITIALIZED, 'osano-cm-consent-saved'];

function findManager(): unknown {
  const { cm } = fieldsOf<'cm'>(globalNamed('Osano'));
  return hasMethod(cm, 'addEventListener') ? cm : undefined;
}

/** Reads the saved choices: Osano calls a new listener of this event at once, if it has begun already. */
function readOnce(): PlatformReading | undefined {
  let reading: PlatformReading | undefined;
  const take = (consent: unknown): void => void (reading = toReading(consent));
  const manager = findManager();
  callMethod(manager, 'addEventListener', INITIALIZED, take);
  callMethod(manager, 'removeEventListener', INITIALIZED, take);
  return reading;
}

/** Converts Osano's choices. Returns undefined where the visitor has not chosen. */
function toReading(consent: unknown): PlatformReading | undefined {
  const entries = entriesOf(consent).filter(([name]) => name !== 'OPT_OUT');
  return entries.length
    ? { categories: Object.fromEntries(entries.map(([name, value]) => [name, value === 'ACCEPT'])) }
    : undefined;
}
