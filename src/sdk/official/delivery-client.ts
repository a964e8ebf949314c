import * as browser from '../browser.ts';
import { categoriesOf, storeChoices } from '../client/choices.ts';
import { flushCore } from '../client/flush.ts';
import { createConsentGate } from '../consent/consent-gate.ts';
import { followConsent } from '../consent/follow-consent.ts';
import type { Core, CoreNeeds } from '../core/contract.ts';
import { createCore } from '../core/core.ts';
import type { SdkError } from '../../protocol/errors.ts';
import type { Categories, DropReason } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import { createEventCounter } from '../outbox/stats.ts';
import type {
  FirstPartyDelivery,
  OfficialAnalytics,
  OfficialContext,
  OfficialEvent,
  OfficialUser,
} from './contract.ts';
import { createOfficialReports } from './official-reports.ts';
import { createLazySender } from './lazy-sender.ts';
import { createOfficialToken } from './official-token.ts';
import { copyEvent, freezeCall } from './official-event.ts';
import { createOfficialProducer, NOBODY, type OfficialProducer } from './official-producer.ts';
import { type TakenOver, takeOverDelivery } from './take-over.ts';

/** The methods of the plugin for the application. */
export type DeliveryMethods = Pick<
  FirstPartyDelivery,
  'consent' | 'customerTokenStatus' | 'flush' | 'on' | 'refreshCustomerToken' | 'setCustomerToken' | 'stats'
>;

export interface DeliveryClient {
  readonly methods: DeliveryMethods;
  /** Applies the option `consent` of a second creator of the same site, as far as it is stricter than the present state. */
  restrict(consent: AnalyticsSettings['consent']): void;
  /** Takes the delivery of this instance of Customer.io's SDK over. */
  connect(analytics: OfficialAnalytics): void;
  /** Takes an event. Resolves when the event is stored, held for consent, or dropped. Never rejects. */
  take(context: OfficialContext): Promise<unknown>;
  /**
   * Gives the delivery of this instance of Customer.io's SDK back, and stops with the last one. Stored events stay. Returns whether
   * another instance is connected.
   */
  disconnect(analytics: OfficialAnalytics): boolean;
}

/**
 * Makes the consent gate, and a core for as long as Customer.io's SDK is connected and the visitor agrees.
 *
 * @param isActive false on a server, and for wrong options: nothing is stored or sent
 * @param mistake resolves with the error that names the wrong options: every event is then discarded for that reason
 */
export function createDeliveryClient(
  settings: AnalyticsSettings,
  isActive: boolean,
  mistake?: Promise<SdkError>,
): DeliveryClient {
  const scope = `cio-first-party:${settings.clientKey}`;
  const page = isActive
    ? browser
        .randomNumbers(2)
        .map((number) => number.toString(36))
        .join('')
    : '';
  const eventCounter = createEventCounter();
  /** The events of this page that are neither delivered nor dropped, each with a function that resolves the promise of its call. */
  const open = new Map<string, () => void>();
  const taken = new WeakMap<OfficialContext, Promise<void>>();
  /** The instances of Customer.io's SDK. A page has one, but for a page that makes another one while it is developed. */
  const connections = new Map<OfficialAnalytics, TakenOver>();
  /** The last of them that was connected. */
  let analytics: OfficialAnalytics | undefined;
  /** Events that were held for consent, and released while no instance was connected. */
  const released = new Map<string, OfficialEvent>();
  let core: (Core & OfficialProducer) | undefined;
  let wiped: Promise<void> | undefined;
  let categories: Categories = {};
  /** The choices, as JSON, that may have to be told by an event. */
  let untold = '';

  const { emitter, emit, fail } = createOfficialReports(settle);
  const failed = (cause: unknown): void => fail('plugin-failed', 'A call', cause);
  const token = createOfficialToken(
    () => core,
    () => analytics,
    failed,
  );

  /** Resolves the promises of calls whose events have arrived or were dropped. */
  function settle(...ids: readonly string[]): void {
    for (const id of ids) {
      open.get(id)?.();
      open.delete(id);
    }
  }

  function drop(id: string, reason: DropReason): void {
    if (eventCounter.drop(id, reason)) emit('dropped', { id, reason });
  }

  function createCoreOf(
    sdk: OfficialAnalytics,
    user: OfficialUser,
    options: AnalyticsSettings,
  ): Core & OfficialProducer {
    const needs: CoreNeeds = {
      settings: options,
      scope,
      page,
      isOwn: (id) => open.has(id),
      ready: wiped,
      eventCounter,
      newCall: () => ({
        id: browser.uuid(),
        snapshot: { at: browser.clock.now(), page: browser.pageFacts() },
      }),
      categories: () => categories,
      emit,
      fail,
      tell: () => {},
      kept: (id) => open.get(id)?.(),
      drop,
      onDenied: () => decide('denied'),
    };
    const idle = (): Promise<unknown> => Promise.all([...connections.values()].map((each) => each.idle()));
    return createCore(createOfficialProducer(sdk, user, idle), createLazySender, needs);
  }

  /** Acts on the state of consent, when it has changed or when Customer.io's SDK is connected. */
  function start(): void {
    const state = gate.state();
    if (state === 'denied') {
      for (const id of released.keys()) drop(id, 'consent');
      released.clear();
    }
    if (!analytics || !isActive) return;
    if (state === 'denied') wipe(analytics);
    else if (state === 'granted' && !core && connections.size) {
      core = createCoreOf(analytics, analytics.user(), settings);
      token.begin();
      for (const [id, event] of released) core.produce(id, event);
      released.clear();
    }
  }

  /** Stops the core. Stored events stay, and are counted again by the next core. */
  function pause(): void {
    const ledger = core?.ledger();
    if (ledger) eventCounter.close(ledger, 'consent', ledger.pending);
    core?.stop();
    core = undefined;
  }

  /** Called within each call of Customer.io's SDK. */
  function called(sdk: OfficialAnalytics, context: OfficialContext | undefined): void {
    if (context) attempt(() => freezeCall(sdk, context));
    else token.forget();
    core?.visitor.reload();
    token.identified();
    tellChoices();
  }

  /** A change of the choices is an event itself, made once for all tabs and pages. */
  function tellChoices(): void {
    // Before its first call, Customer.io's SDK may not have its plugins yet.
    const choices = core && untold;
    if (!choices) return;
    untold = '';
    if (storeChoices(browser.local, scope, choices)) void analytics?.track('Consent Updated');
  }

  function wipe(sdk: OfficialAnalytics): void {
    // Where no core runs, one is created only to delete what an earlier visit has stored. It has no provider, so that none of its code
    // runs without consent, and does not ask for the visitor's ids.
    const leaving = core ?? createCoreOf(sdk, NOBODY, { ...settings, customerToken: undefined });
    const isWithdrawal = leaving === core;
    wiped = leaving.wipe().then((ids) => {
      for (const id of ids) emit('dropped', { id, reason: 'consent' });
    });
    core = undefined;
    token.forget();
    // Only Customer.io's SDK can delete the ids of the visitor.
    if (isWithdrawal) attempt(() => sdk.reset());
  }

  const gate = createConsentGate({
    limits: settings.outbox,
    now: browser.clock.now,
    onOpen: start,
    onClose: start,
    onPause() {
      pause();
      emit('consent', { state: 'pending', categories });
    },
  });

  function decide(state: 'granted' | 'denied', given?: unknown): void {
    if (!isActive) return;
    const before = categories;
    categories = categoriesOf(given);
    const choices = JSON.stringify(categories);
    // The consent to analytics was taken back: everything that was stored under it is deleted.
    if (before['analytics'] && categories['analytics'] === false) gate.set('denied');
    if (gate.set(state) || choices !== JSON.stringify(before)) emit('consent', { state, categories });
    untold = choices === '{}' || state === 'denied' ? '' : choices;
    if (analytics?.initialized) tellChoices();
  }

  function attempt(act: () => void): void {
    try {
      act();
    } catch (cause) {
      failed(cause);
    }
  }

  const take: DeliveryClient['take'] = (context) => {
    const stored = taken.get(context) ?? accept(context);
    taken.set(context, stored);
    return stored;
  };

  function accept(context: OfficialContext): Promise<void> {
    if (!analytics || !connections.size) return Promise.resolve();
    let event: OfficialEvent | undefined;
    let reason: DropReason | undefined = mistake && 'invalid-options';
    try {
      event = copyEvent(analytics, context.event);
    } catch (cause) {
      // A plugin has added a value that JSON cannot hold.
      event = context.event as OfficialEvent;
      reason = 'invalid';
      failed(cause);
    }
    const { messageId: id = browser.uuid() } = event ?? {};
    // The call has switched the destination off, or the same event comes again in another context: from localStorage, in which the SDK
    // has put it as the page was left.
    if (!event || open.has(id)) return Promise.resolve();
    const made = event;
    return new Promise((resolve) => {
      open.set(id, resolve);
      eventCounter.begin(id);
      if (reason) return drop(id, reason);
      const isHeld = gate.pass({
        at: browser.clock.now(),
        run: () => void (core ? core.produce(id, made) : released.set(id, made)),
        drop: (why) => drop(id, why),
      });
      if (isHeld) resolve();
    });
  }

  const methods: DeliveryMethods = {
    flush: (options) => flushCore(core, methods.stats, emitter.on, options?.timeoutMs),
    stats: () => eventCounter.stats(core?.ledger()),
    on: emitter.on,
    consent: {
      get state() {
        return gate.state();
      },
      grant: (given) => attempt(() => decide('granted', given)),
      deny: () => attempt(() => decide('denied')),
    },
    ...token.methods,
  };

  const restrict = followConsent({
    consent: settings.consent,
    gate,
    decide,
    attempt,
    report: (source, cause) => fail('plugin-failed', `Consent source "${source}"`, cause),
    ending: undefined,
  });
  // In a later task, so that a listener which is attached right after `firstPartyDelivery` hears it.
  void mistake?.then((error) => browser.clock.after(0, () => emitter.emit('error', error)));

  return {
    methods,
    restrict,
    connect(next) {
      // A `load` that rejects would keep Customer.io's SDK from loading.
      attempt(() => {
        if (!connections.has(next))
          connections.set(
            next,
            takeOverDelivery(next, take, (context) => called(next, context)),
          );
        analytics = next;
        start();
      });
    },
    take,
    disconnect(leaving) {
      connections.get(leaving)?.end();
      connections.delete(leaving);
      if (connections.size) [analytics] = [...connections.keys()].slice(-1);
      else pause();
      return connections.size > 0;
    },
  };
}
