import { createWrappedProducer } from '../core/wrapped-producer.ts';
import { followConsent } from '../consent/follow-consent.ts';
import { createReports } from './reports.ts';
import { SdkError } from '../../protocol/errors.ts';
import { categoriesOf, storeChoices } from './choices.ts';
import { createEventCounter } from '../outbox/stats.ts';
import { base32, createUlids, isOfPage } from '../event/ulid.ts';
import { toJsonValue } from '../event/to-json-value.ts';
import { flushCore } from './flush.ts';
import { createConsentGate } from '../consent/consent-gate.ts';
import { takeSnapshot } from '../event/take-snapshot.ts';
import { createPageViews, type PageViews } from '../page-views/page-views.ts';
import { assembleSender } from '../sender/assemble-sender.ts';
import { createCore } from '../core/core.ts';
import * as browser from '../browser.ts';
import { unknownUser } from '../identity/unknown-user.ts';
import type { TokenStatus } from '../auth/contract.ts';
import type { Analytics, Receipt } from '../api.ts';
import type { VendorMembers } from '../vendor-api.ts';
import type { WrappedCore as Core } from '../core/contract.ts';
import type { Call, EventMethod } from '../customerio/wrapped.ts';
import type { Categories, DropReason } from '../events.ts';
import { createInboxMembers } from './inbox-members.ts';
import { addVendorMembers } from './vendor-members.ts';
import type { AnalyticsSettings } from '../options/options.ts';
import type { EmptyResults } from '../options/explain-mistakes.ts';
import type { PrivateMethods } from '../private/private-client.ts';

/** The explanation of wrong options: the error of the instance, and the results of its private calls. */
export interface Explanation {
  readonly error: SdkError;
  readonly results: EmptyResults;
}

export interface Client {
  readonly analytics: Analytics;
  /** Applies the option `consent` of a second creator of the same site, as far as it is stricter than the present state. */
  restrict(consent: AnalyticsSettings['consent']): void;
}

/**
 * Makes an instance of the SDK: the consent gate, the calls with their receipts, and a core for as long as the visitor agrees.
 * @param hasPage false on a server: every call is discarded there
 * @param mistake resolves with the error that names the wrong options: the instance then discards every call for that reason
 */
export function createClient(
  settings: AnalyticsSettings,
  hasPage: boolean,
  unregister: () => void,
  mistake?: Promise<Explanation>,
): Client {
  const eventCounter = createEventCounter();
  const scope = `cio-first-party:${settings.clientKey}`;
  const receipts = new Map<string, (receipt: Receipt) => void>();
  // Cloudflare Workers allow no random values before the first request, and instances are made before that.
  const page = hasPage
    ? browser
        .randomNumbers(2)
        .map((number) => base32(number, 5))
        .join('')
    : '';
  // The canonical URL of the document counts for the path on which it was seen first.
  if (hasPage) takeSnapshot();
  const newId = createUlids(browser.clock.now(), page);
  let core: Core | undefined;
  let wiped: Promise<void> | undefined;
  let views: PageViews | undefined;
  // Cloudflare Workers refuse abort controllers before the first request, as they refuse random values.
  const closing = hasPage ? new AbortController() : undefined;

  const { emitter, emit, fail, trace, allowFiles, setDebug } = createReports(
    settings.debug,
    settings.proxyUrl,
    ({ id, reason }) => answer(id, 'discarded', reason),
  );

  function answer(id: string, state: Receipt['state'], reason?: DropReason): void {
    receipts.get(id)?.({ id, state, ...(reason ? { reason } : {}) });
    receipts.delete(id);
  }

  function drop(id: string, reason: DropReason): void {
    if (!eventCounter.drop(id, reason)) return;
    emit('dropped', { id, reason });
  }

  function start(options: AnalyticsSettings): void {
    core = createCore(createWrappedProducer, assembleSender, {
      settings: options,
      scope,
      page,
      isOwn: (id) => isOfPage(id, page),
      ready: wiped,
      eventCounter,
      newCall() {
        const id = newId();
        eventCounter.begin(id);
        return { id, snapshot: takeSnapshot() };
      },
      categories: () => categories,
      emit,
      fail,
      tell: (name, args) => emitter.emit(name, ...args),
      kept: (id, where) =>
        where ? answer(id, where === 'memory' ? where : 'stored') : answer(id, 'discarded', 'consent'),
      drop,
      onDenied: () => decide('denied'),
    });
    // Plugins come last, because a plugin may track while it loads. Their failures are reported, never thrown.
    if (options.plugins.length) void core.wrapped.register(...options.plugins);
  }

  const gate = createConsentGate({
    limits: settings.outbox,
    now: browser.clock.now,
    onOpen() {
      allowFiles();
      start(settings);
      for (const act of standing) attempt(() => core && act(core));
      views?.follow();
    },
    onClose() {
      // Where no core runs, one is created only to delete what an earlier visit has stored, and cookies that answers have set since.
      // This core has no plugins and no provider, so that none of their code runs without consent.
      const left = browser.cookieJar.read() + browser.local.keys();
      if (!core && ['ajs_', 'cio_ack_', `${scope}:`].some((name) => left.includes(name)))
        start({ ...settings, plugins: [], customerToken: undefined, inApp: undefined });
      wiped = core?.wipe().then((ids) => {
        for (const id of ids) emit('dropped', { id, reason: 'consent' });
      });
      core = undefined;
    },
    onPause() {
      const ledger = core?.ledger();
      // Stored events stay. They are counted again when the visitor agrees, and the storage is opened again.
      if (ledger) eventCounter.close(ledger, 'consent', ledger.pending);
      core?.stop();
      core = undefined;
      emit('consent', { state: 'pending', categories });
    },
  });

  let categories: Categories = {};

  function decide(state: 'granted' | 'denied', given?: unknown): void {
    if (!hasPage) return;
    if (state === 'denied') views?.settle();
    const before = categories;
    categories = categoriesOf(given);
    const choices = JSON.stringify(categories);
    // The consent to analytics was taken back: everything that was stored under it is deleted.
    if (before['analytics'] && categories['analytics'] === false) gate.set('denied');
    if (gate.set(state) || choices !== JSON.stringify(before)) emit('consent', { state, categories });
    core?.personal.onSdkEvent('consent', []);
    // A change of the choices is an event itself, made once for all tabs and pages.
    if (choices !== '{}' && core && storeChoices(browser.local, scope, choices))
      void call('track', ['Consent Updated']);
  }

  /** Tells the application of an error inside the SDK, which never reaches the page. */
  const failed = (cause: unknown): undefined => {
    fail('plugin-failed', 'A call', cause);
  };

  function attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (cause) {
      return failed(cause);
    }
  }

  function call(method: EventMethod, given: readonly unknown[], taken?: Call['snapshot']): Promise<Receipt> {
    // An open page view belongs to the person who has seen it, and comes before the calls that follow.
    if (!core || method !== 'track') views?.settle();
    if (!hasPage && !mistake) return Promise.resolve({ id: '', state: 'discarded' });
    const id = newId();
    return new Promise((resolve) => {
      receipts.set(id, resolve);
      eventCounter.begin(id);
      if (mistake) return drop(id, 'invalid-options');
      attempt(() => {
        // A copy: changes that the application makes after the call must not change the event. Callbacks stay as they are.
        const args = given.map((each) => (typeof each === 'function' ? each : toJsonValue(each)));
        // `identify(traits, options)` has its options one argument sooner.
        const options = ((method === 'identify' && args[args[0] instanceof Object ? 1 : 2]) || {}) as {
          token?: unknown;
        };
        const { token } = options;
        delete options.token;
        const made: Call = { id, method, args, snapshot: taken ?? takeSnapshot() };
        trace('call', made);
        const isHeld = gate.pass({
          at: made.snapshot.at,
          run: () => core?.run(made),
          drop: (reason) => drop(id, reason),
        });
        if (isHeld) answer(id, 'held');
        if (token) later('set', token);
      });
    });
  }

  /** Runs `act` in its turn among the calls. Resolves with its result, or with `undefined` when it will never run. */
  function inTurn<T>(
    act: (current: Core) => T | PromiseLike<T>,
    onDrop?: () => void,
  ): Promise<T | undefined> {
    return new Promise<T | undefined>((resolve) => {
      if (!hasPage) return resolve(undefined);
      gate.pass({
        at: browser.clock.now(),
        run: () => resolve(attempt(() => core && act(core))),
        drop() {
          onDrop?.();
          resolve(undefined);
        },
      });
    }).catch(failed);
  }

  /** Acts that are repeated on each new core, when consent was withdrawn and given again: a plugin stays. */
  const standing = new Set<(current: Core) => unknown>();
  const lasting =
    (method: 'register' | 'deregister' | 'addSourceMiddleware') =>
    async (...args: readonly unknown[]): Promise<void> => {
      const act = ({ wrapped }: Core): unknown =>
        (wrapped[method] as (...given: unknown[]) => unknown)(...args);
      const stays = (): unknown => standing.add(act);
      await inTurn((current) => {
        stays();
        return act(current);
      }, stays);
    };

  /** A private call. It does not wait for consent, because no application would wait for its answer. */
  const ask =
    (name: keyof PrivateMethods, ...first: readonly unknown[]) =>
    (...args: readonly unknown[]): Promise<never> => {
      const answered =
        core?.personal.ask(name, [...first, ...args]) ??
        mistake?.then(({ results }) => results[name]?.()) ??
        Promise.reject(new SdkError('auth-disabled', 'No consent'));
      // A rejection that the application does not observe must not reach `unhandledrejection`.
      answered.catch(() => {});
      return answered as Promise<never>; // Each method has its own result.
    };

  const later = (name: keyof PrivateMethods, ...args: readonly unknown[]): void =>
    void inTurn((current) => current.personal.ask(name, args));

  /** A call of `messages`. Whether messages are paused is kept in the settings, for a core that is made later. */
  const messagesCall =
    (isPaused?: boolean) =>
    (id?: string): void => {
      settings.isPaused = isPaused ?? settings.isPaused;
      core?.personal.onSdkEvent('', [id]);
    };

  const tokenStatus = (): TokenStatus => core?.personal.status() ?? { state: 'none', userId: null };

  const anonymize = (): void => {
    views?.settle();
    void inTurn((current) => current.anonymize());
  };

  const calling =
    (method: EventMethod) =>
    (...args: readonly unknown[]): Promise<Receipt> =>
      call(method, args);

  const own: Omit<Analytics, keyof VendorMembers> = {
    track: calling('track'),
    page: calling('page'),
    screen: calling('screen'),
    identify: calling('identify'),
    // `group()` without arguments returns the group.
    group: (...args: readonly unknown[]) =>
      (args.length ? call('group', args) : (core?.visitor.group ?? unknownUser())) as never,
    alias: calling('alias'),
    anonymize,
    reset: anonymize,
    flush: (options) => flushCore(core, own.stats, emitter.on, options?.timeoutMs),
    stats: () => eventCounter.stats(core?.ledger()),
    consent: {
      get state() {
        return gate.state();
      },
      grant: (given) => attempt(() => decide('granted', given)),
      deny: () => decide('denied'),
    },
    // Our events and those of the wrapped SDK have no name in common.
    on: emitter.on,
    async ready(callback) {
      await inTurn((current) => current.wrapped.pluginInstance.ready());
      if (hasPage && callback) attempt(callback);
    },
    user: () => core?.visitor.user ?? unknownUser(),
    register: lasting('register'),
    deregister: lasting('deregister'),
    addSourceMiddleware: lasting('addSourceMiddleware'),
    setAnonymousId(id) {
      let now: string | null = null;
      views?.settle();
      void inTurn((current) => {
        now = current.setAnonymousId(id) ?? null;
      });
      return now;
    },
    setCustomerToken: (token) => later('set', token),
    refreshCustomerToken: () => ask('refresh')().catch(tokenStatus),
    customerTokenStatus: tokenStatus,
    fetch: ask('fetch'),
    inbox: createInboxMembers(ask, later),
    messages: { dismiss: messagesCall(), pause: messagesCall(true), resume: messagesCall(false) },
    customer: { attributes: ask('attributes'), subscriptions: ask('subscriptions') },
    close() {
      closing?.abort();
      core?.stop();
      unregister();
    },
  };
  const analytics = addVendorMembers(
    own,
    emitter,
    settings.integrations,
    call,
    attempt,
    setDebug,
    inTurn,
    (error) => emit('error', error),
    hasPage,
  );
  if (closing && settings.pageViews.mode !== 'manual' && !browser.inFrame())
    // Created before the core: its listeners must run first when the page is left.
    views = createPageViews(
      settings.pageViews,
      gate.state,
      takeSnapshot,
      (view) => void call('page', [], view),
      (cause) => fail('plugin-failed', 'Page views', cause),
      closing.signal,
    );
  const restrict = followConsent({
    consent: settings.consent,
    gate,
    decide,
    attempt,
    report: (source, cause) => fail('plugin-failed', `Consent source "${source}"`, cause),
    ending: closing?.signal,
  });
  if (gate.state() === 'pending') views?.see();
  // In a later task, so that a listener which is attached right after `createAnalytics` hears it.
  void mistake?.then(({ error }) => browser.clock.after(0, () => emitter.emit('error', error)));
  return { analytics, restrict };
}
