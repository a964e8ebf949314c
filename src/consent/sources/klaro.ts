import { ask, entriesOf, fieldsOf, has } from '../foreign.ts';
import { globalNamed, whenThere } from '../page.ts';
import { createPlatformSource, type Reading, type SourceOptions } from '../platform.ts';
import type { ConsentSource } from '../source.ts';

export interface KlaroOptions extends SourceOptions {
  /** The module, where the page imports Klaro instead of loading it with a tag. @default `window.klaro` */
  readonly api?: object;
}

/**
 * Klaro: its services, by their names, as they were saved. `granted` needs all of them, if not said otherwise: which there are
 * is up to the site.
 */
export function klaro(options: KlaroOptions = {}): ConsentSource {
  const find = (): unknown => findManager(options.api ?? globalNamed('klaro'));
  return createPlatformSource({
    name: 'klaro',
    options,
    required: 'all',
    read: () => toReading(find()),
    watch: (changed, attempt) =>
      // It tells nobody that it has come.
      whenThere(
        find,
        (manager) => {
          const watcher = { update: () => changed() };
          ask(manager, 'watch', watcher);
          changed();
          return () => void ask(manager, 'unwatch', watcher);
        },
        attempt,
      ),
  });
}

/** Without its configuration, which it reads when the page has loaded, Klaro has no manager and throws. */
function findManager(platform: unknown): unknown {
  const { defaultConfig } = fieldsOf<'defaultConfig'>(platform);
  const isSetUp = has(platform, 'getManager') && defaultConfig !== undefined;
  return isSetUp ? ask(platform, 'getManager') : undefined;
}

type ManagerFields = 'confirmed' | 'savedConsents' | 'consents';

function toReading(manager: unknown): Reading | undefined {
  const { confirmed, savedConsents, consents } = fieldsOf<ManagerFields>(manager);
  if (confirmed !== true) return undefined;
  // `consents` changes with each switch of the dialog, before anything is saved.
  return {
    categories: Object.fromEntries(
      entriesOf(savedConsents ?? consents).map(([name, isOn]) => [name, isOn === true]),
    ),
  };
}
