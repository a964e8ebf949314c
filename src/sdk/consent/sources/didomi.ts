import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, inBrowser, queueNamed, type Stop } from '../platform-page.ts';
import { type PlatformAnswer, createPlatformSource, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/**
 * Creates a consent source of Didomi. Reads the purposes, by their ids; `require` and `purposes` may also name vendors, as
 * `vendor:ID`. Default of `require`: all purposes, because each site has its own. Where no consent is required and
 * no regulation applies, the source grants.
 *
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { didomi } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: didomi({ require: ['vendor:c:customerio-abc'] }),
 * });
 */
export function didomi(options: SourceOptions = {}): ConsentSource {
  let isReady = false;
  let isAsked = false;

  /** Runs `run` when Didomi is ready. None of its methods may be called before: https://developers.didomi.io/cmp/web-sdk/reference/api */
  function whenReady(run: () => void): Stop {
    return enqueue('didomiOnReady', () => {
      isReady = true;
      run();
    });
  }

  return createPlatformSource({
    name: 'didomi',
    options,
    required: 'all',
    read() {
      // When Didomi is ready, it runs a function that is pushed to its queue at once.
      if (!isReady && !isAsked && inBrowser() && hasMethod(globalNamed('Didomi'), 'getCurrentUserStatus')) {
        isAsked = true;
        whenReady(() => undefined);
      }
      return isReady ? read() : undefined;
    },
    watch(changed) {
      let isWatching = true;
      const tell = (): void => {
        if (isWatching) changed();
      };
      const stops = [
        enqueue('didomiEventListeners', { event: 'consent.changed', listener: tell }),
        whenReady(tell),
      ];
      return () => {
        isWatching = false;
        for (const stop of stops) stop();
      };
    },
  });
}

/**
 * Adds an item to a queue of Didomi. The returned function takes it out again, if Didomi has not read it yet. A listener that Didomi
 * has read cannot be taken back, so it must ignore later calls.
 */
function enqueue(name: string, item: unknown): Stop {
  queueNamed(name).push(item);
  return () => {
    const queue: unknown = globalNamed(name);
    if (Array.isArray(queue) && queue.includes(item)) queue.splice(queue.indexOf(item), 1);
  };
}

function read(): PlatformAnswer {
  const platform = globalNamed('Didomi');
  const status = callMethod(platform, 'getCurrentUserStatus');
  const { purposes, vendors, regulation } = fieldsOf<'purposes' | 'vendors' | 'regulation'>(status);
  if (callMethod(platform, 'isConsentRequired') === false) {
    if (typeof regulation !== 'string' || regulation.toLowerCase() === 'none') return 'not-required';
  } else if (mustStillAsk(platform)) return undefined;
  return {
    categories: Object.fromEntries(entriesOf(purposes).map(([id, each]) => [id, isEnabled(each)])),
    more: Object.fromEntries(entriesOf(vendors).map(([id, each]) => [`vendor:${id}`, isEnabled(each)])),
  };
}

/** Whether the visitor has not decided yet. The status does not show that: it has undecided purposes as disabled. */
const mustStillAsk = (platform: unknown): boolean =>
  ['shouldUserStatusBeCollected', 'shouldConsentBeCollected', 'isUserConsentStatusPartial'].some(
    (method) => callMethod(platform, method) === true,
  );

const isEnabled = (status: unknown): boolean => fieldsOf<'enabled'>(status).enabled === true;
