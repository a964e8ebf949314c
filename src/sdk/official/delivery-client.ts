import * as browser from '../browser.ts';
import { flushCore } from '../client/flush.ts';
import type { Core, CoreNeeds } from '../core/contract.ts';
import { createCore } from '../core/core.ts';
import type { SdkError } from '../../protocol/errors.ts';
import type { DropReason } from '../events.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import { createEventCounter } from '../outbox/stats.ts';
import type {
  DeliveryClient,
  DeliveryMethods,
  OfficialAnalytics,
  OfficialContext,
  OfficialEvent,
  OfficialUser,
} from './contract.ts';
import { createOfficialConsent } from './official-consent.ts';
import { createOfficialReports } from './official-reports.ts';
import { createLazySender } from './lazy-sender.ts';
import { createOfficialToken } from './official-token.ts';
import { copyEvent, freezeCall } from './official-event.ts';
import { createOfficialProducer, NOBODY, type OfficialProducer } from './official-producer.ts';
import { type TakenOver, takeOverDelivery } from './take-over.ts';

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
      categories: consent.categories,
      emit,
      fail,
      tell: () => {},
      kept: (id) => open.get(id)?.(),
      drop,
      onDenied: consent.deny,
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
    consent.tellChoices();
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

  const consent = createOfficialConsent({
    settings,
    scope,
    isActive,
    emit,
    fail,
    analytics: () => analytics,
    hasCore: () => Boolean(core),
    attempt,
    onDecided: start,
    pause,
  });
  const { gate } = consent;

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
    consent: consent.methods,
    ...token.methods,
  };

  const restrict = consent.follow();
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
