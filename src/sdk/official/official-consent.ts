import { clock, local } from '../browser.ts';
import { categoriesOf, storeChoices } from '../client/choices.ts';
import { type ConsentGate, createConsentGate } from '../consent/consent-gate.ts';
import { followConsent } from '../consent/follow-consent.ts';
import type { Categories } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { FirstPartyDelivery, OfficialAnalytics } from './contract.ts';
import type { OfficialReports } from './official-reports.ts';

export interface OfficialConsentNeeds extends Pick<OfficialReports, 'emit' | 'fail'> {
  readonly settings: Pick<AnalyticsSettings, 'consent' | 'outbox'>;
  readonly scope: string;
  /** False on a server, and for wrong options: the state then stays `pending`. */
  readonly isActive: boolean;
  /** Returns the connected instance of Customer.io's SDK. */
  analytics(): OfficialAnalytics | undefined;
  /** Whether a core runs, which can store an event. */
  hasCore(): boolean;
  /** Calls `act`, and reports what it throws. */
  attempt(act: () => void): void;
  /** Called when the state has become `granted` or `denied`. */
  onDecided(): void;
  /** Called when the state has become `pending` again. */
  pause(): void;
}

/** The visitor's consent, and the choices of which an event tells. */
export interface OfficialConsent {
  readonly gate: ConsentGate;
  readonly methods: FirstPartyDelivery['consent'];
  categories(): Categories;
  deny(): void;
  /** Makes the event that tells the choices, if they have changed and the event can be stored. */
  tellChoices(): void;
  /** Begins to apply the option `consent`. Returns a function that applies the option of a second creator. */
  follow(): (consent: AnalyticsSettings['consent']) => void;
}

export function createOfficialConsent(needs: OfficialConsentNeeds): OfficialConsent {
  const { settings, emit, attempt } = needs;
  let categories: Categories = {};
  /** The choices, as JSON, that may have to be told by an event. */
  let untold = '';

  const gate = createConsentGate({
    limits: settings.outbox,
    now: clock.now,
    onOpen: needs.onDecided,
    onClose: needs.onDecided,
    onPause() {
      needs.pause();
      emit('consent', { state: 'pending', categories });
    },
  });

  function decide(state: 'granted' | 'denied', given?: unknown): void {
    if (!needs.isActive) return;
    const before = categories;
    categories = categoriesOf(given);
    const choices = JSON.stringify(categories);
    // The consent to analytics was taken back: everything that was stored under it is deleted.
    if (before['analytics'] && categories['analytics'] === false) gate.set('denied');
    if (gate.set(state) || choices !== JSON.stringify(before)) emit('consent', { state, categories });
    untold = choices === '{}' || state === 'denied' ? '' : choices;
    if (needs.analytics()?.initialized) tellChoices();
  }

  /** A change of the choices is an event itself, made once for all tabs and pages. */
  function tellChoices(): void {
    // Before its first call, Customer.io's SDK may not have its plugins yet.
    const choices = needs.hasCore() && untold;
    if (!choices) return;
    untold = '';
    if (storeChoices(local, needs.scope, choices)) void needs.analytics()?.track('Consent Updated');
  }

  return {
    gate,
    methods: {
      get state() {
        return gate.state();
      },
      grant: (given) => attempt(() => decide('granted', given)),
      deny: () => attempt(() => decide('denied')),
    },
    categories: () => categories,
    deny: () => decide('denied'),
    tellChoices,
    follow: () =>
      followConsent({
        consent: settings.consent,
        gate,
        decide,
        attempt,
        report: (source, cause) => needs.fail('plugin-failed', `Consent source "${source}"`, cause),
        ending: undefined,
      }),
  };
}
