import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, onEventsAndAfter } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

export interface UsercentricsOptions extends SourceOptions {
  /** The window event that is configured in Usercentrics, for its version 2. @default 'ucEvent' */
  readonly windowEvent?: string;
}

/**
 * Usercentrics, versions 2 and 3: a category is on when all its services are; services may be named as `service:ID`. `granted`
 * needs all categories, if not said otherwise: which there are is up to the site.
 */
export function usercentrics(options: UsercentricsOptions = {}): ConsentSource {
  // https://docs.usercentrics.com: version 3 tells `UC_CONSENT`, both tell the others.
  const events = ['UC_UI_INITIALIZED', 'UC_UI_CMP_EVENT', 'UC_CONSENT', options.windowEvent ?? 'ucEvent'];
  let latest: PlatformReading | undefined;
  let turn = 0;

  return createPlatformSource({
    name: 'usercentrics',
    options,
    required: 'all',
    read: () => (isVersion3() ? latest : readVersion2()),
    watch(changed, attempt) {
      const failed = (cause: unknown): void =>
        attempt(() => {
          throw cause;
        });
      let isWatching = true;
      function look(event?: Event): void {
        // What is asked now may be answered after what is told next, and is older.
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
          const asked = Promise.resolve(callMethod(globalNamed('__ucCmp'), 'getConsentDetails'));
          asked.then(take).catch(failed);
        }
      }
      const stop = onEventsAndAfter(events, (event) => attempt(() => look(event)));
      // The details of version 3 come later, so they are asked for at once where the platform was there first.
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
  // What nobody has chosen counts only where nobody has to choose.
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
