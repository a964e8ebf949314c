import { callMethod, entriesOf, fieldsOf, hasMethod } from '../untrusted.ts';
import { globalNamed, inBrowser, queueNamed, type Stop } from '../platform-page.ts';
import { type PlatformAnswer, createPlatformSource, type SourceOptions } from '../platform-source.ts';
import type { ConsentSource } from '../source.ts';

/**
 * Didomi: its purposes, by their ids; vendors may be named as `vendor:ID`. `granted` needs all purposes, if not said otherwise:
 * which there are is up to the site.
 */
export function didomi(options: SourceOptions = {}): ConsentSource {
  let isReady = false;
  let isAsked = false;

  /** Nothing of it may be called before: https://developers.didomi.io/cmp/web-sdk/reference/api */
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
      // Once it is ready, it answers what is pushed at once.
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

/** The answer takes it back. Didomi gives nothing back that it has read already: that must go deaf. */
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

/** Undecided purposes are disabled in the status, so it alone does not say whether the visitor has chosen. */
const mustStillAsk = (platform: unknown): boolean =>
  ['shouldUserStatusBeCollected', 'shouldConsentBeCollected', 'isUserConsentStatusPartial'].some(
    (method) => callMethod(platform, method) === true,
  );

const isEnabled = (status: unknown): boolean => fieldsOf<'enabled'>(status).enabled === true;
