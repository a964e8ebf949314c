/* oxlint-disable max-lines -- the one place that puts all parts together */
import * as browser from '../browser.ts';
import { clock, lifecycle, local } from '../browser.ts';
import { serialize } from '../event/serialize.ts';
import type { Core, CoreNeeds } from './contract.ts';
import { createWrapped } from '../customerio/wrapped.ts';
import { createCookies } from '../identity/cookies.ts';
import { createVisitor } from '../identity/visitor.ts';
import type { OutboxEvent } from '../outbox/contract.ts';
import { indexedDbTransactions } from '../outbox/indexeddb-log.ts';
import { createLifeboat } from '../outbox/lifeboat.ts';
import { createOutbox } from '../outbox/outbox.ts';
import { createLogStore } from '../outbox/log-store.ts';
import { createLazyPrivate } from '../private/lazy-private.ts';
import { createProxyMemory } from '../sender/proxy-memory.ts';
import { createAcknowledgements } from '../sender/acknowledgements.ts';
import { createLeader, type Leader, NO_LOCKS } from '../tabs/leader-lock.ts';
import { createSender } from '../sender/sender.ts';
import { createTransport } from '../sender/transport.ts';
import { createTabChannel, type TabMessage } from '../tabs/tab-channel.ts';
import { isOfPage } from '../event/ulid.ts';
import { basicAuthorization, BATCH_PATH, inBytes } from '../../protocol/wire.ts';

/** Our lifeboats, what went with the last requests of other pages, and where a site used the wrapped SDK before: its queue, and that of its sender. */
const LEFT_BEHIND = /:lifeboat:|:left:|^persisted-queue:v1:(event-queue|dest-Customer)/;

/** A navigation that has not replaced the page by then was a download, or the visitor has stayed. */
const STAYS_MS = 10_000;

/** A page that has just been quiet waits for so long: a click that leads elsewhere has its event in the page's last request. */
const GATHER_MS = 1_000;

export function createCore(needs: CoreNeeds): Core {
  const { settings, page, accounts, emit, fail, drop } = needs;
  const scope = `cio-first-party:${settings.clientKey}`;
  const leaseDatabase = `${scope}:lease`;
  const { outbox: limits, delivery } = settings;

  const report = (what: string, cause: unknown): void => fail('plugin-failed', what, cause);
  let wiped = false;

  // 1. Who it is.
  const visitor = createVisitor({
    cookies: createCookies({ jar: browser.cookieJar, pageUrl: browser.pageUrl(), options: settings.cookie }),
    local,
    newId: browser.uuid,
    userOptions: settings.user,
    groupOptions: settings.group,
    tell(who) {
      personal.identity(who);
      tabs.tell({ kind: 'identity' });
      emit('identity', who);
    },
  });

  // 2. What is made of a call.
  const wrapped = createWrapped({
    clock,
    library: { name: 'cio-first-party', version: needs.version },
    user: visitor.user,
    group: visitor.group,
    integrations: settings.integrations,
    newCall: needs.newCall,
    categories: needs.categories,
    accept(id, draft) {
      // It was in a plugin while consent was withdrawn.
      if (wiped) return drop(id, 'consent');
      const captured = serialize(id, clock.now(), draft, settings.beforeSend);
      if (captured.kind === 'event') return keep(captured.event);
      const { reason, cause, mistake } = captured;
      if (cause || mistake) report(mistake ?? reason, cause);
      return drop(id, reason);
    },
    refuse: drop,
    tell: needs.tell,
    report,
  });

  // 3. Where it waits.
  const running = new Set<() => void>();
  const outbox = createOutbox({
    clock,
    storage: limits.storage,
    ready: needs.ready,
    openDurable: () => createLogStore(indexedDbTransactions(scope, running), limits),
    recovery: (recoveryNeeds) =>
      import('../outbox/recovery.ts').then(({ create }) =>
        create({ database: scope, limits, sender, fail }, recoveryNeeds),
      ),
    onOpened(found) {
      if (wiped) return;
      accounts.open(found);
      if (found.pending) announce();
    },
    onLost(before, now, moved) {
      const elsewhere = new Set([...moved, ...outbox.unsaved()].map(({ id }) => id));
      const unsettled = sender.unsettled().filter(({ id }) => !elsewhere.has(id));
      // More did not wait any longer: another tab has sent the oldest, and has no way to tell.
      const known = unsettled.slice(Math.max(0, unsettled.length + moved.length - before.pending));
      if (wiped) return [];
      accounts.close(before, 'storage', known.length + moved.length);
      accounts.open(now);
      fail('storage-unavailable', 'IndexedDB is gone');
      return known;
    },
    onStored(ids) {
      if (ids.length && outbox.storage() === 'indexeddb') emit('stored', { ids });
      announce();
    },
    onEvicted: (evicted) => {
      for (const each of evicted) emit('dropped', each);
      sender.settled(evicted.map(({ id }) => id));
    },
    onFallback: (cause) => fail('storage-unavailable', 'IndexedDB fails', cause),
  });
  const lifeboat = createLifeboat(local, scope, page);
  /** Something waits to be sent by whichever tab leads. */
  function announce(): void {
    tabs.tell({ kind: 'stored' });
    void leader.ask();
    sender.wake();
  }

  function keep(event: OutboxEvent): void {
    sender.captured(event);
    const stored = outbox.add(event);
    accounts.handOver(event.id);
    void stored.then((where) => needs.kept(event.id, where));
    // All calls of one handler of the page go together.
    if (ledAtEnd !== undefined) late ??= Promise.resolve().then(sayLastWords);
  }

  // 4. How it leaves.
  const remembered = createProxyMemory(local, scope, clock, () => !wiped);
  const url = settings.proxyUrl + BATCH_PATH;
  const transport = createTransport({
    ...delivery,
    url,
    clock,
    // When the first request is made: a page of a test may have no TextEncoder.
    get clientKey() {
      const header = delivery.clientKeyHeader;
      return { [header]: (header < 'B' ? basicAuthorization : inBytes)(settings.clientKey) };
    },
    request: browser.request,
    gzip: browser.gzip,
    readsGzip: () => delivery.compression === 'auto' && remembered.get('gzip'),
    onReadsGzip: (reads) => remembered.set('gzip', reads),
  });
  const acks = createAcknowledgements(local, scope, page, clock, browser.cookieJar);
  let rescued = Promise.resolve();
  let takesOver = false;
  // Whether this page was the one that sends when its navigation began, and when it went; its own handlers may still track.
  let ledBefore = false;
  let stay: (() => void) | undefined;
  let ledAtEnd: boolean | undefined;
  let late: Promise<void> | undefined;
  function gained(): void {
    void leader.ask();
    rescued = rescued.then(rescue);
  }
  const isFrame = browser.inFrame();
  const leaderBy = (locks: Pick<LockManager, 'query' | 'request'>): Leader =>
    createLeader({ name: scope, locks, clock, isFrame, gained });
  const locks = browser.lockManager();
  let leader = leaderBy(locks ?? NO_LOCKS);
  if (!locks) {
    // Twice is better than never.
    const alone = (): Leader => leaderBy({ ...NO_LOCKS, request: () => Promise.reject() });
    const releasedKey = `${scope}:released`;
    void import('../tabs/leader-lease.ts')
      .then(({ create }) => create({ name: leaseDatabase, owner: page, clock, local, releasedKey, gained }))
      .catch(alone)
      .then((loaded) => stops.length && (leader = loaded).join());
  }
  /** What other pages have left behind comes before what was stored since: once that is sent, nobody knows what is in both. */
  async function rescue(): Promise<void> {
    takesOver = local.keys().some((key) => LEFT_BEHIND.test(key));
    const needs = {
      local,
      lifecycle,
      stops,
      scope,
      page,
      clock,
      outbox,
      sender,
      settings,
      accounts,
      jar: browser.cookieJar,
      drop,
    };
    const sent =
      takesOver &&
      (await import('./reclaim.ts').then(({ reclaim }) => reclaim(needs)).catch(() => undefined)); // it stays
    takesOver = false;
    if (!sent) return sender.wake();
    await sender.flush();
    sent();
  }
  const stops: (() => void)[] = [];
  const personal = createLazyPrivate({ settings, visitor, stops, categories: needs.categories, emit, fail });
  const leads = (): boolean => !takesOver && (leader.leads() || outbox.storage() === 'memory');
  const sender = createSender({
    ...delivery,
    clock,
    lifecycle,
    ...personal.guard({ outbox, transport }, (hurry) =>
      hurry ? sender.leaving(outbox.unsaved(), hurry) : sender.wake(),
    ),
    batch: { maxEvents: delivery.maxBatchEvents, maxBytes: delivery.maxBatchBytes },
    gatherMs: Math.min(GATHER_MS, delivery.flushIntervalMs),
    random: browser.random,
    leads,
    hasHeir: () => leader.hasHeir(),
    remembered,
    acks: browser.pageUrl().startsWith(`${new URL(url).origin}/`) ? acks : undefined,
    diagnosis: (diagnosisNeeds) =>
      import('../sender/diagnosis.ts').then(({ create }) =>
        create(diagnosisNeeds, { url, secret: settings.clientKey }),
      ),
    fail,
    tell(name, payload) {
      emit(name, payload);
      tabs.tell({ kind: 'told', name, payload });
    },
    onUnauthorized: () => fail('invalid-client-key', `${settings.proxyUrl} refuses key or origin`),
  });

  // 5. The other tabs, and the page's coming and going.
  const tabs = createTabChannel(
    (onMessage) => browser.openChannel(scope, onMessage),
    (message) => void hear(message),
  );

  /** In memory it sends nothing but its own: another tab has to take over. */
  const show = (): void => {
    if (leader.leads() && outbox.storage() === 'indexeddb') tabs.tell({ kind: 'here' });
  };

  async function hear(message: TabMessage): Promise<void> {
    switch (message.kind) {
      case 'stored':
        show();
        await outbox.refresh();
        sender.wake();
        return handOver();
      case 'here':
        return leader.heard();
      case 'told': {
        const { name, payload } = message;
        const ids = 'ids' in payload ? payload.ids : 'id' in payload ? [payload.id] : [];
        if (name === 'delivered' || name === 'dropped') {
          sender.settled(ids);
          await outbox.refresh();
        }
        const own = ids.filter((id) => isOfPage(id, page));
        return own.length ? emit(name, 'ids' in payload ? { ...payload, ids: own } : payload) : undefined;
      }
      case 'flush':
        show();
        return sender.flush();
      case 'identity':
        return visitor.reload();
      case 'denied':
        return needs.onDenied();
    }
  }

  const isBehind = (): boolean => isFrame || lifecycle.hidden();

  /**
   * The browser slows a hidden page down, and may freeze it, and a frame goes with its page: a tab that stands in line sends
   * in their place.
   */
  async function handOver(): Promise<void> {
    if (!isBehind() || !leader.leads()) return;
    await leader.ask();
    if (!isBehind() || !leader.hasHeir() || sender.busy()) return;
    leader.leave();
    leader.join();
  }

  /** Events that are neither stored nor sent go out as far as there is room for them, and into the lifeboat. */
  function sayLastWords(): void {
    late = undefined;
    const unsaved = outbox.unsaved();
    sender.leaving(unsaved, false, ledAtEnd);
    // A transaction that has not ended would hold up the next page: WebKit keeps it as it keeps this page, for going back.
    if (outbox.leave(lifeboat.save(unsaved))) running.forEach((abort) => abort());
  }

  function stepBack(): void {
    stay?.();
    leader.leave();
    tabs.leave();
  }

  /** Firefox keeps no page that holds a Web Lock as its navigation begins, although `leave` lets it go. */
  function depart(): void {
    // The SDK may have been closed in the task in which the navigation began.
    if (!stops.length) return;
    ledBefore ||= leads();
    leader.leave();
    stay?.();
    stay = clock.after(STAYS_MS, () => {
      ledBefore = false;
      leader.join();
    });
  }

  /** Nothing is kept of this site yet: no other tab can be the one that sends, although the browser has not said so. */
  const isFirst = (): boolean => !local.keys().some((key) => key.startsWith(`${scope}:`));

  function comeBack(): void {
    ledBefore = false;
    ledAtEnd = undefined;
    tabs.join();
    leader.join();
    visitor.reload();
    // Other tabs may have sent what this one knew of.
    sender.settled(sender.unsettled().map(({ id }) => id));
    const settled = outbox.comeBack(!lifeboat.isThere()).then(outbox.refresh);
    void settled.then(() => {
      // Their only other place may be the memory of this page.
      if (!outbox.unsaved().length) lifeboat.clearOwn();
    });
  }

  stops.push(
    lifecycle.on('hide', () => {
      sender.leaving(outbox.unsaved());
      void handOver();
    }),
    lifecycle.on('show', () => {
      visitor.reload();
      void outbox.refresh(); // it may be healed
    }),
    browser.onStorageChange((key) => {
      visitor.reload();
      // A tab that does not lead has closed.
      if (key && (takesOver || leads()) && LEFT_BEHIND.test(key)) gained();
    }),
    lifecycle.on('depart', depart),
    lifecycle.on('leave', () => {
      ledAtEnd = ledBefore || leads() || isFirst();
      sayLastWords();
      stepBack();
    }),
    lifecycle.on('freeze', stepBack),
    lifecycle.on('return', comeBack),
    lifecycle.on('resume', comeBack),
  );
  leader.join();
  // Last, because a plugin may track while it loads. Failures are told, never thrown.
  if (settings.plugins.length) void wrapped.register(...settings.plugins);

  /** Tells it if this has made somebody else of the visitor. */
  function shared<T>(act: () => T): T {
    const result = act();
    visitor.changed();
    return result;
  }

  function stop(): void {
    sender.stop();
    for (const each of stops.splice(0)) each();
    stepBack();
  }

  return {
    wrapped,
    run: (call) => shared(() => wrapped.run(call)),
    setAnonymousId: (id) => shared(() => wrapped.setAnonymousId(id)),
    anonymize: () =>
      shared(() => {
        wrapped.reset();
        visitor.user.anonymousId(); // the new one, at once: other tabs would make another
      }),
    async flush() {
      await wrapped.idle();
      await outbox.written();
      if (leads()) await sender.flush();
      else {
        tabs.tell({ kind: 'flush' });
        void leader.ask();
        await outbox.refresh(); // nobody can tell this tab where there is no channel
      }
      return leads();
    },
    personal,
    isNews: remembered.isNews,
    ledger: () => outbox.ledger(),
    stop,
    async wipe() {
      wiped = true;
      accounts.close(outbox.ledger(), 'consent');
      tabs.tell({ kind: 'denied' });
      stop();
      visitor.wipe();
      for (const key of local.keys()) if (key.startsWith(`${scope}:`)) local.remove(key);
      acks.take();
      const gone = await outbox.wipe();
      for (const database of [scope, leaseDatabase]) browser.deleteDatabase(database);
      return gone;
    },
  };
}
