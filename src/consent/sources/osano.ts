import { ask, entriesOf, fieldsOf, has } from '../foreign.ts';
import { globalNamed, whenThere } from '../page.ts';
import { createPlatformSource, type Reading, type SourceOptions } from '../platform.ts';
import type { ConsentSource } from '../source.ts';

export type OsanoCategory = 'ESSENTIAL' | 'STORAGE' | 'MARKETING' | 'PERSONALIZATION' | 'ANALYTICS';

/**
 * Osano: what was saved, not what is being toggled. `granted` needs `ANALYTICS`, if not said otherwise. `OPT_OUT` is no
 * category: it is on where the visitor has said no.
 */
export function osano(options: SourceOptions<OsanoCategory> = {}): ConsentSource {
  let latest: Reading | undefined;
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
          for (const event of EVENTS) ask(manager, 'addEventListener', event, take);
          return () => {
            for (const event of EVENTS) ask(manager, 'removeEventListener', event, take);
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
  return has(cm, 'addEventListener') ? cm : undefined;
}

/** Who listens after it has begun is told at once what is stored. */
function readOnce(): Reading | undefined {
  let reading: Reading | undefined;
  const take = (consent: unknown): void => void (reading = toReading(consent));
  const manager = findManager();
  ask(manager, 'addEventListener', INITIALIZED, take);
  ask(manager, 'removeEventListener', INITIALIZED, take);
  return reading;
}

/** It gives nothing where the visitor has not chosen. */
function toReading(consent: unknown): Reading | undefined {
  const entries = entriesOf(consent).filter(([name]) => name !== 'OPT_OUT');
  return entries.length
    ? { categories: Object.fromEntries(entries.map(([name, value]) => [name, value === 'ACCEPT'])) }
    : undefined;
}
