import { createBasicAuthorizer } from './auth/basic.ts';
import type { Accounts } from './accounts.ts';
import * as browser from './browser.ts';
import { capture } from './capture.ts';
import { type Call, createWrapped, type Wrapped } from './customerio/analytics.ts';
import { createCookies } from './customerio/cookies.ts';
import { createVisitor } from './customerio/visitor.ts';
import { SdkError, type SdkErrorCode } from './errors.ts';
import type { AnalyticsEvents, DropReason, EventName } from './events.ts';
import type { Settings } from './options.ts';
import type { Ledger, OutboxEvent } from './outbox/contract.ts';
import { indexedDbTransactions } from './outbox/indexeddb.ts';
import { createLifeboat } from './outbox/lifeboat.ts';
import { memoryTransactions } from './outbox/memory.ts';
import { createOutbox, type Storage } from './outbox/outbox.ts';
import { createStore } from './outbox/store.ts';
import { createRemembered } from './remembered.ts';
import { createLeader } from './sender/leader.ts';
import { createSender } from './sender/sender.ts';
import { createTransport } from './sender/transport.ts';
import { createTabs, type TabMessage } from './tabs.ts';
import { BATCH_PATH } from './wire.ts';

/** All that exists only while the visitor agrees, in the order in which an event passes through it. */
export interface Core {
  readonly wrapped: Wrapped;
  run(call: Call): void;
  setAnonymousId(id?: string): string | null | undefined;
  anonymize(): void;
  /** Says whether this tab is the one that sends. */
  flush(): Promise<boolean>;
  ledger(): Ledger;
  /** Stops every timer, listener and lock; what is stored stays. */
  stop(): void;
  /** Stops, and deletes all that was ever stored. Answers the events that are gone with it. */
  wipe(): Promise<readonly string[]>;
}

export interface CoreNeeds {
  readonly settings: Settings;
  /** Of this page: the first part of every id that it gives. */
  readonly page: string;
  readonly version: string;
  readonly accounts: Accounts;
  /** What an earlier core has stored is deleted. */
  readonly ready: Promise<unknown> | undefined;
  newCall(): Pick<Call, 'id' | 'snapshot'>;
  emit<Name extends EventName>(name: Name, payload: AnalyticsEvents[Name]): void;
  /** Events of the wrapped SDK. */
  tell(name: string, args: readonly unknown[]): void;
  /** It is stored, or in memory, or gone with the visitor's consent. */
  kept(id: string, where: Storage | undefined): void;
  drop(id: string, reason: DropReason): void;
  /** Another tab was told that the visitor no longer agrees. */
  onDenied(): void;
}

export function createCore(needs: CoreNeeds): Core {
  const { settings, page, accounts, emit, drop } = needs;
  const { clock, lifecycle, local } = browser;
  const scope = `cio-first-party:${settings.clientKey}`;
  const leaseDatabase = `${scope}:lease`;
  const { outbox: limits, delivery } = settings;

  const fail = (code: SdkErrorCode, message: string, cause?: unknown): void =>
    emit('error', new SdkError(code, message, { cause }));
  const report = (what: string, cause: unknown): void => fail('plugin-failed', what, cause);
  let wiped = false;

  // 1. Who it is.
  const visitor = createVisitor({
    cookies: createCookies({ jar: browser.cookieJar, pageUrl: browser.pageUrl(), options: settings.cookie }),
    local,
    newId: browser.uuid,
    userOptions: settings.user,
    groupOptions: settings.group,
    tell: (who) => emit('identity', who),
  });

  // 2. What is made of a call.
  const wrapped = createWrapped({
    clock,
    library: { name: 'cio-first-party', version: needs.version },
    user: visitor.user,
    group: visitor.group,
    integrations: settings.integrations,
    newCall: needs.newCall,
    accept(id, draft) {
      // It was in a plugin while consent was withdrawn.
      if (wiped) return drop(id, 'consent');
      const captured = capture(id, clock.now(), draft, settings.beforeSend);
      if (captured.kind === 'event') return keep(captured.event);
      if (captured.cause) report(captured.reason, captured.cause);
      return drop(id, captured.reason);
    },
    refuse: drop,
    tell: needs.tell,
    report,
  });

  // 3. Where it waits.
  const outbox = createOutbox({
    clock,
    storage: limits.storage,
    ready: needs.ready,
    openDurable: () => createStore(indexedDbTransactions(scope), limits),
    openMemory: (ledger) =>
      createStore(memoryTransactions(ledger), { ...limits, maxEvents: limits.maxEvents + ledger.pending }),
    onStored(ids) {
      emit('stored', { ids });
      tabs.tell({ kind: 'stored' });
      leader.ask();
      sender.wake();
    },
    onEvicted: (evicted) => {
      for (const each of evicted) emit('dropped', each);
      sender.settled(evicted.map(({ id }) => id));
    },
    onFallback: (cause) => fail('storage-unavailable', 'Events wait in memory', cause),
  });
  const lifeboat = createLifeboat(local, scope, page);
  void outbox.opened.then((found) => wiped || accounts.open(found));

  function keep(event: OutboxEvent): void {
    sender.captured(event);
    const stored = outbox.add(event);
    accounts.handOver(event.id);
    void stored.then((where) => needs.kept(event.id, where));
  }

  // 4. How it leaves.
  const remembered = createRemembered(local, scope);
  const transport = createTransport({
    url: settings.proxyUrl + BATCH_PATH,
    clock,
    authorizer: createBasicAuthorizer(settings.clientKey),
    timeoutMs: delivery.requestTimeoutMs,
    request: browser.request,
    gzip: browser.gzip,
    readsGzip: () => delivery.compression === 'auto' && remembered.get('gzip'),
    onReadsGzip: (reads) => wiped || remembered.set('gzip', reads),
  });
  const gained = (): void => void rescue();
  const leader = createLeader({
    name: scope,
    locks: browser.lockManager(),
    gained,
    async byLease() {
      const { createLeaseLeader } = await import('./sender/lease.ts');
      return createLeaseLeader({ name: leaseDatabase, owner: page, clock, gained });
    },
  });
  /** What another page saved with its last breath comes before what was stored since. */
  async function rescue(): Promise<void> {
    const save = async (events: readonly OutboxEvent[]): Promise<void> => {
      await outbox.adopt(events);
      await sender.flush();
      // In memory they are no safer than with the page that has gone: they stay in the boat, too.
      if (outbox.storage() === 'memory' && outbox.ledger().bytes) throw new Error();
    };
    await lifeboat.rescue(save).catch(() => undefined);
    await sender.flush();
  }
  const leads = (): boolean => leader.leads() || outbox.storage() === 'memory';
  const sender = createSender({
    clock,
    lifecycle,
    transport,
    batch: { maxEvents: delivery.maxBatchEvents, maxBytes: delivery.maxBatchBytes },
    flushIntervalMs: delivery.flushIntervalMs,
    random: browser.random,
    leads,
    hasHeir: leader.hasHeir,
    outbox,
    answered: { get: () => remembered.get('answered'), set: () => wiped || remembered.set('answered', true) },
    tell(name, payload) {
      emit(name, payload);
      tabs.tell({ kind: 'told', name, payload });
    },
    onUnauthorized: () =>
      fail('invalid-client-key', `${settings.proxyUrl} refuses the client key or the origin`),
  });

  // 5. The other tabs, and the page's coming and going.
  const tabs = createTabs(
    (onMessage) => browser.openChannel(scope, onMessage),
    (message) => void hear(message),
  );

  async function hear(message: TabMessage): Promise<void> {
    switch (message.kind) {
      case 'stored':
        await outbox.refresh();
        return sender.wake();
      case 'told': {
        const { name, payload } = message;
        const ids = 'ids' in payload ? payload.ids : 'id' in payload ? [payload.id] : [];
        if (name === 'delivered' || name === 'dropped') {
          sender.settled(ids);
          await outbox.refresh();
        }
        const own = ids.filter((id) => id.startsWith(page));
        return own.length ? emit(name, 'ids' in payload ? { ...payload, ids: own } : payload) : undefined;
      }
      case 'flush':
        return sender.flush();
      case 'identity':
        return visitor.reload();
      case 'denied':
        return needs.onDenied();
    }
  }

  const stops = [
    lifecycle.on('hide', () => sender.leaving(outbox.unsaved())),
    lifecycle.on('show', () => visitor.reload()),
    browser.onStorageChange((key) => {
      visitor.reload();
      // A tab that does not lead has closed.
      if (leads() && key && lifeboat.isOne(key)) void rescue();
    }),
    lifecycle.on('leave', () => {
      const unsaved = outbox.unsaved();
      sender.leaving(unsaved);
      lifeboat.save(unsaved);
      leader.leave();
      tabs.leave();
    }),
    lifecycle.on('return', () => {
      tabs.join();
      leader.join();
      visitor.reload();
      void outbox.written().then(lifeboat.clearOwn).then(outbox.refresh);
    }),
  ];
  leader.join();
  // Last, because a plugin may track while it loads. Failures are told, never thrown.
  if (settings.plugins.length) void wrapped.register(...settings.plugins);

  /** Tells the others if this has made somebody else of the visitor. */
  function shared<T>(act: () => T): T {
    const result = act();
    if (visitor.changed()) tabs.tell({ kind: 'identity' });
    return result;
  }

  function stop(): void {
    sender.stop();
    for (const each of stops) each();
    leader.leave();
    tabs.leave();
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
      else tabs.tell({ kind: 'flush' });
      return leads();
    },
    ledger: () => outbox.ledger(),
    stop,
    async wipe() {
      wiped = true;
      accounts.close(outbox.ledger());
      tabs.tell({ kind: 'denied' });
      stop();
      visitor.wipe();
      for (const key of local.keys()) if (key.startsWith(`${scope}:`)) local.remove(key);
      const gone = await outbox.wipe();
      for (const database of [scope, leaseDatabase]) browser.deleteDatabase(database);
      return gone;
    },
  };
}
