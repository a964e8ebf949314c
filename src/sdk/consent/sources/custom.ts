import { noStop } from '../platform-page.ts';
import { type ConsentDecision, type ConsentSource, createSource } from '../source.ts';

/** What a banner of your own tells. Undefined: nothing is decided; after a grant, it is taken back. */
export type CustomDecision = ConsentDecision | ConsentDecision['state'] | undefined;

/**
 * A banner of your own. `connect` runs when somebody subscribes, and tells the decision whenever there is one, also at once;
 * what it answers is run when nobody listens any more.
 *
 * @example
 * custom((tell) => {
 *   tell(localStorage.getItem('choice') === 'yes' ? 'granted' : undefined);
 *   return banner.onChoice((yes) => tell(yes ? 'granted' : 'denied'));
 * });
 */
export function custom(
  connect: (tell: (decision: CustomDecision) => void) => (() => void) | void,
  { name = 'custom' }: { readonly name?: string } = {},
): ConsentSource {
  let latest: ConsentDecision | undefined;
  return createSource({
    name,
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

/** Anything else than a decision is none. */
function toDecision(told: CustomDecision): ConsentDecision | undefined {
  const decision = typeof told === 'string' ? { state: told } : told;
  return decision?.state === 'granted' || decision?.state === 'denied' ? decision : undefined;
}
