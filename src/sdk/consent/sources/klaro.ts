import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, whenThere } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
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
          callMethod(manager, 'watch', watcher);
          changed();
          return () => void callMethod(manager, 'unwatch', watcher);
        },
        attempt,
      ),
  });
}

/** Without its configuration, which it reads when the page has loaded, Klaro has no manager and throws. */
function findManager(platform: unknown): unknown {
  const { defaultConfig } = fieldsOf<'defaultConfig'>(platform);
  const isSetUp = hasMethod(platform, 'getManager') && defaultConfig !== undefined;
  return isSetUp ? callMethod(platform, 'getManager') : undefined;
}

type ManagerFields = 'confirmed' | 'savedConsents' | 'consents';

function toReading(manager: unknown): PlatformReading | undefined {
  const { confirmed, savedConsents, consents } = fieldsOf<ManagerFields>(manager);
  if (confirmed !== true) return undefined;
  // `consents` changes with each switch of the dialog, before anything is saved.
  return {
    categories: Object.fromEntries(
      entriesOf(savedConsents ?? consents).map(([name, isOn]) => [name, isOn === true]),
    ),
  };
}
