import { noStop } from '../platform-page.ts';
import { aText, describe, silentSource, wrongOptions } from '../source-mistakes.ts';
import { type ConsentDecision, type ConsentSource, createSource } from '../source.ts';

/**
 * The argument of `tell`: a decision, or its state alone. Undefined means that the visitor has not decided. After a grant,
 * undefined withdraws the grant, which counts as a denial.
 */
export type CustomDecision = ConsentDecision | ConsentDecision['state'] | undefined;

/**
 * Creates a consent source of your own banner.
 *
 * @param connect runs when the SDK subscribes. It calls `tell` with the current decision, if there is one, and with each later
 * decision. It may return a function, which runs when the SDK stops listening.
 * @param options `name`: name of the source, for messages; default `'custom'`. For wrong arguments, the SDK logs one
 * `console.error`, and the source never grants and never denies.
 * @example
 * import { createAnalytics } from 'cio-first-party';
 * import { custom } from 'cio-first-party/consent';
 *
 * createAnalytics({
 *   proxyUrl: '/e',
 *   clientKey: 'client-api-key-web',
 *   consent: custom((tell) => {
 *     const look = () => tell(localStorage.getItem('choice') === 'yes' ? 'granted' : undefined);
 *     look();
 *     addEventListener('choice', look);
 *     return () => removeEventListener('choice', look);
 *   }),
 * });
 */
export function custom(
  connect: (tell: (decision: CustomDecision) => void) => (() => void) | void,
  options: { readonly name?: string } = {},
): ConsentSource {
  const wrongConnect = typeof connect === 'function' ? '' : describe('connect', 'a function', connect);
  const silent = silentSource('custom', wrongConnect + wrongOptions(options, { name: aText }));
  if (silent) return silent;
  let latest: ConsentDecision | undefined;
  return createSource({
    name: options.name ?? 'custom',
    decide: () => latest,
    watch(changed) {
      let isConnected = true;
      const stop = connect((decision) => {
        if (!isConnected) return;
        latest = toDecision(decision);
        changed();
      });
      return () => {
        isConnected = false;
        (typeof stop === 'function' ? stop : noStop)();
      };
    },
  });
}

/** Converts the argument of `tell` to a decision. Returns undefined for any other value. */
function toDecision(value: CustomDecision): ConsentDecision | undefined {
  const decision = typeof value === 'string' ? { state: value } : value;
  return decision?.state === 'granted' || decision?.state === 'denied' ? decision : undefined;
}
