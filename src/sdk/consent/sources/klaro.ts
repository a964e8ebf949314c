import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, whenThere } from '../platform-page.ts';
import { aModule, type OptionKind } from '../source-mistakes.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/** Options of `klaro`. */
export interface KlaroOptions extends SourceOptions {
  /** The module of Klaro, or a function that returns it, where the page imports Klaro instead of loading it with a tag. @default `window.klaro` */
  readonly api?: object | (() => unknown);
}

/**
 * Creates a consent source of Klaro. Reads the saved choices, by the names of the services. Default of `require`: all services,
 * because each site has its own.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { klaro } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: klaro({ require: ['customerio'] }),
 * });
 */
export function klaro(options: KlaroOptions = {}): ConsentSource {
  const find = (): unknown => {
    const { api = () => globalNamed('klaro') } = options;
    return findManager(typeof api === 'function' ? (api as () => unknown)() : api);
  };
  return createPlatformSource({
    name: 'klaro',
    options,
    kinds: { api: aModuleOrFunction },
    required: 'all',
    read: () => toReading(find()),
    watch: (changed, attempt) =>
      // Klaro dispatches no event when it has loaded.
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

const aModuleOrFunction: OptionKind = (value) =>
  typeof value === 'function' || !aModule(value) ? '' : 'an object or a function';

/** Returns Klaro's manager. Before Klaro has read its configuration, when the page has loaded, `getManager` throws. */
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
