import * as browser from '../browser.ts';
import { clock, lifecycle, local } from '../browser.ts';
import { serialize } from '../event/serialize.ts';
import { indexedDbTransactions } from '../outbox/indexeddb-log.ts';
import type { OutboxEvent } from '../outbox/contract.ts';
import { createLifeboat } from '../outbox/lifeboat.ts';
import { createLogStore } from '../outbox/log-store.ts';
import { createOutbox } from '../outbox/outbox.ts';
import { createLazyPrivate } from '../private/lazy-private.ts';
import { takeAcknowledgement } from '../sender/acknowledgements.ts';
import type { SendingNeeds } from '../sender/assemble-sender.ts';
import type { Sender } from '../sender/contract.ts';
import { createTabChannel } from '../tabs/tab-channel.ts';
import { createLeadership } from '../tabs/leadership.ts';
import type { Core, CoreNeeds, CreateProducer, Producer } from './contract.ts';
import { hear } from './other-tabs.ts';
import { createPageLife } from './page-life.ts';

/**
 * Keys of localStorage that other pages have left: lifeboats (`outbox/lifeboat.ts`), records of the last requests of pages
 * (`sender/acknowledgements.ts`), and, where the site used the wrapped SDK before, the two queues that the wrapped SDK keeps.
 */
const LEFT_BEHIND = /:lifeboat:|:left:|^persisted-queue:v1:(event-queue|dest-Customer)/;

/** Puts the parts together, in the order in which an event passes through them. */
export function createCore<P extends Producer>(
  createProducer: CreateProducer<P>,
  createSender: (needs: SendingNeeds) => Sender,
  needs: CoreNeeds,
): Core & P {
  const { settings, scope, page, eventCounter, emit, fail, drop } = needs;
  const leaseDatabase = `${scope}:lease`;
  const { outbox: limits } = settings;
  const control = new AbortController();
  const ending = control.signal;
  const report = (what: string, cause: unknown): void => fail('plugin-failed', what, cause);
  let isWiped = false;

  // 1. The visitor, and what makes events of calls.
  const producer = createProducer(needs, {
    accept(id, draft) {
      // Consent was withdrawn while a plugin had the event.
      if (isWiped) return drop(id, 'consent');
      const serialized = serialize(id, clock.now(), draft, settings.beforeSend);
      if (serialized.kind === 'event') return keep(serialized.event);
      const { reason, cause, mistake } = serialized;
      if (cause || mistake) report(mistake ?? reason, cause);
      return drop(id, reason);
    },
    onIdentity(who) {
      personal.identity(who);
      tabs.tell({ kind: 'identity' });
      emit('identity', who);
    },
    tell(name, args) {
      personal.onSdkEvent(name, args);
      needs.tell(name, args);
    },
    report,
  });
  const { visitor, wrapped } = producer;

  function keep(event: OutboxEvent): void {
    sender.captured(event);
    const stored = outbox.add(event);
    eventCounter.handOver(event.id);
    void stored.then((where) => needs.kept(event.id, where));
    eventKept();
  }

  // 2. The outbox, where events wait.
  const running = new Set<() => void>();
  const outbox = createOutbox({
    clock,
    storage: limits.storage,
    ready: needs.ready,
    openDurable: () => createLogStore(indexedDbTransactions(scope, running), limits),
    recovery: (recoveryNeeds) =>
      import('../outbox/recovery.ts').then(({ create }) =>
        create({ database: scope, limits, sender: sender, fail }, recoveryNeeds),
      ),
    onOpened(found) {
      if (isWiped) return;
      eventCounter.open(found);
      if (found.pending) announce();
    },
    onLost(before, now, moved) {
      const elsewhere = new Set([...moved, ...outbox.unsaved()].map(({ id }) => id));
      const unsettled = sender.unsettled().filter(({ id }) => !elsewhere.has(id));
      // The lost database held `before.pending` events, so that only so many can be lost. Older ones of this tab were sent by another
      // tab, whose message has not reached this tab.
      const known = unsettled.slice(Math.max(0, unsettled.length + moved.length - before.pending));
      if (isWiped) return [];
      eventCounter.close(before, 'storage', known.length + moved.length);
      eventCounter.open(now);
      fail('storage-unavailable', 'IndexedDB is gone');
      return known;
    },
    onStored(ids) {
      if (ids.length && outbox.storage() === 'indexeddb') emit('stored', { ids });
      announce();
    },
    onEvicted(evicted) {
      for (const each of evicted) emit('dropped', each);
      sender.settled(evicted.map(({ id }) => id));
    },
    onFallback: (cause) => fail('storage-unavailable', 'IndexedDB fails', cause),
  });
  const lifeboat = createLifeboat(local, scope, page);

  /** Tells the leader, which may be another tab, that events wait. */
  function announce(): void {
    tabs.tell({ kind: 'stored' });
    void leadership().ask();
    sender.wake();
  }

  // 3. The sender.
  let reclaimed = Promise.resolve();
  let isReclaiming = false;

  function gained(): void {
    void leadership().ask();
    reclaimed = reclaimed.then(reclaim);
  }

  /** Sends what other pages have left before what was stored since: once that is sent, nothing tells which events are in both. */
  async function reclaim(): Promise<void> {
    isReclaiming = local.keys().some((key) => LEFT_BEHIND.test(key));
    const afterwards =
      isReclaiming &&
      (await import('./reclaim.ts')
        .then(({ create }) =>
          create({
            local,
            lifecycle,
            ending,
            scope,
            page,
            clock,
            outbox,
            sender,
            settings,
            eventCounter,
            jar: browser.cookieJar,
            drop,
          }),
        )
        .catch(() => undefined)); // Without the file, everything stays where it is.
    isReclaiming = false;
    if (!afterwards) return sender.wake();
    await sender.flush();
    afterwards();
  }

  const leadership = createLeadership(scope, page, leaseDatabase, ending, gained);
  const leads = (): boolean => !isReclaiming && (leadership().leads() || outbox.storage() === 'memory');
  const personal = createLazyPrivate({
    settings,
    scope,
    visitor,
    ending,
    categories: needs.categories,
    newCall: needs.newCall,
    keep,
    wrapped,
    emit,
    fail,
  });
  const sender = createSender({
    settings,
    scope,
    page,
    ending,
    mayWrite: () => !isWiped,
    guard: (transport) =>
      personal.guard({ outbox, transport }, (hurry) =>
        hurry ? sender.leaving(outbox.unsaved(), hurry) : sender.wake(),
      ),
    leads,
    hasHeir: () => leadership().hasHeir(),
    fail,
    tell(name, payload) {
      emit(name, payload);
      tabs.tell({ kind: 'told', name, payload });
    },
  });

  // 4. The other tabs, and the life of the page.
  const tabs = createTabChannel(
    (onMessage) => browser.openChannel(scope, onMessage),
    (message) => void hear(message, parts, needs),
  );
  const parts = { visitor, outbox, lifeboat, leader: leadership, sender, tabs };
  const eventKept = createPageLife(
    parts,
    scope,
    leads,
    () => running.forEach((abort) => abort()),
    (key) => {
      // A tab that is not the leader has closed.
      if (key && (isReclaiming || leads()) && LEFT_BEHIND.test(key)) gained();
    },
    ending,
  );
  leadership().join();

  return {
    ...producer,
    async flush() {
      await wrapped.idle();
      await outbox.written();
      if (leads()) await sender.flush();
      else {
        tabs.tell({ kind: 'flush' });
        void leadership().ask();
        await outbox.refresh(); // No other tab can tell this one of changes where there is no channel.
      }
      return leads();
    },
    personal,
    ledger: outbox.ledger,
    stop: () => control.abort(),
    async wipe() {
      isWiped = true;
      eventCounter.close(outbox.ledger(), 'consent');
      tabs.tell({ kind: 'denied' });
      control.abort();
      visitor.wipe();
      for (const key of local.keys()) if (key.startsWith(`${scope}:`)) local.remove(key);
      takeAcknowledgement(browser.cookieJar);
      const gone = await outbox.wipe();
      for (const database of [scope, leaseDatabase]) browser.deleteDatabase(database);
      return gone;
    },
  };
}
