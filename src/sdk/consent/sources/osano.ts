import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, whenThere } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

export type OsanoCategory = 'ESSENTIAL' | 'STORAGE' | 'MARKETING' | 'PERSONALIZATION' | 'ANALYTICS';

/**
 * Osano: what was saved, not what is being toggled. `granted` needs `ANALYTICS`, if not said otherwise. `OPT_OUT` is no
 * category: it is on where the visitor has said no.
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
      // It tells nobody that it has come.
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

/** Who listens after it has begun is told at once what is stored. */
function readOnce(): PlatformReading | undefined {
  let reading: PlatformReading | undefined;
  const take = (consent: unknown): void => void (reading = toReading(consent));
  const manager = findManager();
  callMethod(manager, 'addEventListener', INITIALIZED, take);
  callMethod(manager, 'removeEventListener', INITIALIZED, take);
  return reading;
}

/** It gives nothing where the visitor has not chosen. */
function toReading(consent: unknown): PlatformReading | undefined {
  const entries = entriesOf(consent).filter(([name]) => name !== 'OPT_OUT');
  return entries.length
    ? { categories: Object.fromEntries(entries.map(([name, value]) => [name, value === 'ACCEPT'])) }
    : undefined;
}
