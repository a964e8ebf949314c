import type { AnalyticsSettings } from '../options/options.ts';
import { combineSources } from './combine-sources.ts';
import type { ConsentGate } from './consent-gate.ts';
import type { ConsentDecision, ConsentSource } from './source.ts';

type Consent = AnalyticsSettings['consent'];

export interface FollowConsentNeeds {
  /** The option of the first creator. */
  readonly consent: Consent;
  readonly gate: Pick<ConsentGate, 'state' | 'set'>;
  decide(state: ConsentDecision['state'], given?: unknown): void;
  /** Runs `act`, and reports what it throws. */
  attempt(act: () => void): void;
  report(source: string, cause: unknown): void;
  /** Aborts when the SDK is closed. */
  readonly ending: AbortSignal | undefined;
}

/**
 * Follows the option `consent` of the first creator. The function that this returns applies the option of another creator of the same
 * site, as far as it is stricter than the present state: the sources of both then decide together.
 */
export function followConsent(needs: FollowConsentNeeds): (consent: Consent) => void {
  const { consent: first, gate, decide, attempt } = needs;
  let sources: readonly ConsentSource[] = [];
  let unfollow = (): void => {};
  needs.ending?.addEventListener('abort', () => attempt(unfollow));
  // Sources of a second creator must not open what the first creator, or the visitor, has closed.
  let mayGrant = typeof first !== 'string';

  function restrict(consent: Consent): void {
    if (consent === 'granted') return;
    if (consent === 'denied') return decide(consent);
    if (gate.state() === 'granted') {
      mayGrant = true;
      gate.set('pending');
    }
    if (typeof consent === 'string') return;
    attempt(unfollow);
    sources = [...sources, ...consent];
    unfollow = combineSources(
      sources,
      ({ state, categories }) => {
        if (mayGrant || state === 'denied') attempt(() => decide(state, categories));
      },
      needs.report,
    );
  }

  if (first === 'granted') decide(first);
  else restrict(first);
  return restrict;
}
