import { entriesOf, fieldsOf } from '../untrusted.ts';
import { globalNamed, whenThere } from '../platform-page.ts';
import { type PlatformAnswer, createPlatformSource, type SourceOptions } from '../platform-source.ts';
import type { Attempt, ConsentSource } from '../source.ts';

/** The purposes and vendors of the IAB's TCF, by number. */
export type TcfCategory = `purpose:${number}` | `vendor:${number}`;

/**
 * Creates a consent source of any platform with the IAB's TCF 2 interface (`__tcfapi`). Reads the consents to purposes; `require` and
 * `purposes` may also name vendors, as `vendor:755`. Default of `require`: the purposes 1 (store on the device), 8 (measure content)
 * and 9 (understand audiences). Where the platform says that the law does not apply, the source grants.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { tcf } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: tcf({ require: ['purpose:1', 'purpose:8', 'vendor:755'] }),
 * });
 */
export function tcf(options: SourceOptions<TcfCategory> = {}): ConsentSource {
  let latest: PlatformAnswer;
  let isWatching = false;
  return createPlatformSource({
    name: 'tcf',
    options,
    required: ['purpose:1', 'purpose:8', 'purpose:9'],
    read: () => (isWatching ? latest : (readOnce() ?? latest)),
    watch(changed, attempt) {
      isWatching = true;
      const take = (data: unknown): void => {
        const answer = toAnswer(data);
        // While the visitor has opened the dialog again, the previous decision stays.
        if (answer === undefined) return;
        latest = answer;
        changed();
      };
      const stop = whenThere(findApi, () => listen(take, attempt), attempt);
      return () => {
        isWatching = false;
        stop();
      };
    },
  });
}

// https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework
type Api = (
  command: string,
  version: 2,
  callback: (data: unknown, success: unknown) => void,
  parameter?: unknown,
) => void;

function findApi(): Api | undefined {
  const api = globalNamed('__tcfapi');
  return typeof api === 'function' ? (api as Api) : undefined;
}

function listen(take: (data: unknown) => void, attempt: Attempt): () => void {
  let id: unknown;
  let isListening = true;
  // The function is looked up again: the platform has replaced its stub, and taken over the calls that the stub had queued.
  const remove = (): void => {
    if (id !== undefined) findApi()?.('removeEventListener', 2, () => undefined, id);
  };
  findApi()?.('addEventListener', 2, (data, success) =>
    attempt(() => {
      id = fieldsOf<'listenerId'>(data).listenerId;
      if (!isListening) remove();
      else if (success === true) take(data);
    }),
  );
  return () => {
    isListening = false;
    remove();
  };
}

/** Reads the choices of a platform that has loaded. A stub may queue the call without end, so `ping` is called first. */
function readOnce(): PlatformAnswer {
  let isLoaded = false;
  let answer: PlatformAnswer;
  findApi()?.('ping', 2, (pong) => void (isLoaded = fieldsOf<'cmpLoaded'>(pong).cmpLoaded === true));
  if (isLoaded) {
    const take = (data: unknown): void => void (answer = toAnswer(data));
    listen(take, (act) => act())();
  }
  return answer;
}

type DataFields = 'gdprApplies' | 'eventStatus' | 'purpose' | 'vendor';

function toAnswer(data: unknown): PlatformAnswer {
  const { gdprApplies, eventStatus, purpose, vendor } = fieldsOf<DataFields>(data);
  if (gdprApplies === false) return 'not-required';
  if (gdprApplies !== true) return undefined;
  if (eventStatus !== 'tcloaded' && eventStatus !== 'useractioncomplete') return undefined;
  return {
    categories: { ...noPurposes(), ...consents('purpose', purpose) },
    more: consents('vendor', vendor),
    // The list of vendors may end at the last vendor that has the visitor's consent.
    onlyOn: /^vendor:/,
  };
}

const noPurposes = (): Record<string, boolean> =>
  Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`purpose:${i + 1}`, false]));

const consents = (kind: string, section: unknown): Record<string, boolean> =>
  Object.fromEntries(
    entriesOf(fieldsOf<'consents'>(section).consents).map(([id, isOn]) => [`${kind}:${id}`, isOn === true]),
  );
