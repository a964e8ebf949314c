import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, onEventsAndAfter } from '../platform-page.ts';
import { aText } from '../source-mistakes.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/** Options of `usercentrics`. */
export interface UsercentricsOptions extends SourceOptions {
  /** Name of the window event that is configured in Usercentrics, for its version 2. @default 'ucEvent' */
  readonly windowEvent?: string;
}

/**
 * Creates a consent source of Usercentrics, versions 2 and 3. A category is on when all its services are on; `require` and `purposes`
 * may also name services, as `service:ID`. Default of `require`: all categories, because each site has its own.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { usercentrics } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: usercentrics({ require: ['service:your-service-id'] }),
 * });
 */
export function usercentrics(options: UsercentricsOptions = {}): ConsentSource {
  let latest: PlatformReading | undefined;
  let turn = 0;

  return createPlatformSource({
    name: 'usercentrics',
    options,
    kinds: { windowEvent: aText },
    required: 'all',
    read: () => (isVersion3() ? latest : readVersion2()),
    watch(changed, attempt) {
      const failed = (cause: unknown): void =>
        attempt(() => {
          throw cause;
        });
      let isWatching = true;
      function look(event?: Event): void {
        // A later event may bring newer details before this promise resolves: then its result is ignored.
        const own = ++turn;
        const take = (details: unknown): void => {
          if (!isWatching || own !== turn) return;
          latest = toReading(details);
          changed();
        };
        const details = event?.type === 'UC_CONSENT' ? (event as CustomEvent<unknown>).detail : undefined;
        if (details) take(details);
        else if (!isVersion3()) changed();
        else {
          const pending = Promise.resolve(callMethod(globalNamed('__ucCmp'), 'getConsentDetails'));
          pending.then(take).catch(failed);
        }
      }
      // https://docs.usercentrics.com: version 3 dispatches `UC_CONSENT`, both versions the other events.
      const events = ['UC_UI_INITIALIZED', 'UC_UI_CMP_EVENT', 'UC_CONSENT', options.windowEvent ?? 'ucEvent'];
      const stop = onEventsAndAfter(events, (event) => attempt(() => look(event)));
      // Version 3 returns its details as a promise, so they are requested at once if the platform has loaded already.
      attempt(() => {
        if (isVersion3()) look();
      });
      return () => {
        isWatching = false;
        stop();
      };
    },
  });
}

const isVersion3 = (): boolean => hasMethod(globalNamed('__ucCmp'), 'getConsentDetails');

type DetailFields = 'consent' | 'categories' | 'services';

function toReading(details: unknown): PlatformReading | undefined {
  const { consent, categories, services } = fieldsOf<DetailFields>(details);
  const { type, required } = fieldsOf<'type' | 'required'>(consent);
  // Defaults count only where the visitor does not have to choose.
  if (type !== 'EXPLICIT' && required !== false) return undefined;
  return {
    categories: Object.fromEntries(
      entriesOf(categories).map(([name, each]) => [name, fieldsOf<'state'>(each).state === 'ALL_ACCEPTED']),
    ),
    more: Object.fromEntries(
      entriesOf(services).map(([id, each]) => [
        `service:${id}`,
        fieldsOf<'given'>(fieldsOf<'consent'>(each).consent).given === true,
      ]),
    ),
  };
}

type ServiceFields = 'id' | 'categorySlug' | 'consent';

function readVersion2(): PlatformReading | undefined {
  const platform = globalNamed('UC_UI');
  if (callMethod(platform, 'isInitialized') !== true || callMethod(platform, 'isConsentRequired') !== false)
    return undefined;
  const categories: Record<string, boolean> = {};
  const more: Record<string, boolean> = {};
  for (const [, service] of entriesOf(callMethod(platform, 'getServicesBaseInfo'))) {
    const { id, categorySlug, consent } = fieldsOf<ServiceFields>(service);
    const isOn = fieldsOf<'status'>(consent).status === true;
    more[`service:${String(id)}`] = isOn;
    if (typeof categorySlug === 'string')
      categories[categorySlug] = isOn && categories[categorySlug] !== false;
  }
  return { categories, more };
}
