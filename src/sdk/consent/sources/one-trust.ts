import { callMethod, entriesOf, fieldsOf, textsIn } from '../untrusted.ts';
import { globalNamed, onEventsAndAfter } from '../platform-page.ts';
import { createPlatformSource, type PlatformReading, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

// https://developer.onetrust.com/onetrust/docs/javascript-events-guide
const EVENTS = ['OneTrustGroupsUpdated', 'OTConsentApplied'];

/**
 * Creates a consent source of OneTrust. Reads the active groups, once the banner is closed, or where no banner is shown. Default of
 * `require`: `C0002` (performance).
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { oneTrust } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: oneTrust({ purposes: { analytics: ['C0002'], messaging: ['C0002', 'C0004'] } }),
 * });
 */
export function oneTrust(options: SourceOptions = {}): ConsentSource {
  return createPlatformSource({
    name: 'oneTrust',
    options,
    required: ['C0002'],
    read,
    watch: (changed) => onEventsAndAfter(EVENTS, changed),
  });
}

function read(): PlatformReading | undefined {
  const platform = globalNamed('OneTrust');
  const active = globalNamed('OnetrustActiveGroups');
  if (typeof active !== 'string') return undefined;
  const { Groups, ShowAlertNotice } = fieldsOf<'Groups' | 'ShowAlertNotice'>(
    callMethod(platform, 'GetDomainData'),
  );
  // Before the visitor has chosen, the active groups are the defaults of the visitor's region.
  if (callMethod(platform, 'IsAlertBoxClosed') !== true && ShowAlertNotice !== false) return undefined;
  const all = textsIn(entriesOf(Groups).map(([, group]) => fieldsOf<'CustomGroupId'>(group).CustomGroupId));
  return {
    categories: Object.fromEntries([
      ...all.map((id) => [id, false] as const),
      ...active.split(',').flatMap((id) => (id.trim() ? [[id.trim(), true] as const] : [])),
    ]),
    // Without the list of groups, only the active ones are known.
    onlyOn: all.length ? undefined : /./,
  };
}
