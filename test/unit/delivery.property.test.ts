// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { type Accounts, createAccounts } from '../../src/accounts.ts';
import { capture } from '../../src/capture.ts';
import { createWrapped } from '../../src/customerio/analytics.ts';
import { createCookies } from '../../src/customerio/cookies.ts';
import { plain } from '../../src/customerio/plain.ts';
import { createVisitor, type Visitor } from '../../src/customerio/visitor.ts';
import type { Eviction, Limits, OutboxEvent, Store } from '../../src/outbox/contract.ts';
import { createLifeboat, type Lifeboat } from '../../src/outbox/lifeboat.ts';
import { memoryTransactions } from '../../src/outbox/memory.ts';
import { createOutbox, type Outbox } from '../../src/outbox/outbox.ts';
import { createStore } from '../../src/outbox/store.ts';
import { createSender, type Sender } from '../../src/sender/sender.ts';
import type { WireEvent } from '../../src/wire.ts';
import { type FakeClock, fakeClock, settled } from '../fakes/clock.ts';
import { fakeCookieJar } from '../fakes/cookie-jar.ts';
import { type FaultyStore, faultyStore } from '../fakes/faulty-store.ts';
import { type FakeLifecycle, fakeLifecycle } from '../fakes/lifecycle.ts';
import { pageFacts } from '../fakes/page.ts';
import { type Random, seeded } from '../fakes/random.ts';
import { fakeTextStore } from '../fakes/text-store.ts';
import { busy, CUT_OFF, DELIVERED, fakeTransport, rejected, type SentRequest } from '../fakes/transport.ts';

/**
 * The parts of the SDK, put together as the core does, on a browser that lives through many pages: everything may fail at
 * any time, and after every step the counts must add up; at the end nothing that was promised may be missing.
 */

const MOST_READS = 5_000;
const PAGE_URL = 'https://shop.example.com/';

/** What an event must be when it arrives: all of it is known at its call. */
interface Expected {
  readonly event: string;
  readonly userId: string | null;
  readonly anonymousId: string;
  readonly timestamp: string;
  readonly path: string;
  readonly properties: unknown;
}

interface Page {
  readonly visitor: Visitor;
  readonly outbox: Outbox;
  readonly sender: Sender;
  readonly lifecycle: FakeLifecycle;
  readonly accounts: Accounts;
  readonly disk: FaultyStore;
  readonly lifeboat: Lifeboat;
  track(name: string, properties: Readonly<Record<string, unknown>>): void;
  /** The process is gone: nothing that it has begun goes on. */
  die(): void;
}

interface World {
  readonly clock: FakeClock;
  readonly random: Random;
  readonly expected: Map<string, Expected>;
  /** Promised to survive. */
  readonly safe: Set<string>;
  readonly dropped: Set<string>;
  readonly taken: Map<string, string>;
  calm: boolean;
  /** A page has read its outbox without end. */
  busy: boolean;
  open(): Page;
}

function createWorld(seed: number): World {
  const random = seeded(seed);
  const clock = fakeClock();
  const jar = fakeCookieJar(PAGE_URL);
  const local = fakeTextStore();
  const limits: Limits = { maxEvents: 30 + random.below(300), maxBytes: 200_000, maxAgeMs: 6 * 3_600_000 };
  const empty = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };
  const real = createStore(memoryTransactions(empty), limits);
  // What a page gives up as it dies is counted there, and told by nobody.
  const given = async <T extends { readonly evicted: readonly Eviction[] }>(work: Promise<T>): Promise<T> => {
    const answer = await work;
    for (const { id } of answer.evicted) world.dropped.add(id);
    return answer;
  };
  const disk: Store = {
    ...real,
    append: (...args) => given(real.append(...args)),
    oldest: (...args) => given(real.oldest(...args)),
    settle(events, as) {
      if (as !== 'delivered') for (const { id } of events) world.dropped.add(id);
      return real.settle(events, as);
    },
  };
  const poison = (json: string): boolean => (JSON.parse(json) as { event: string }).event.endsWith('poison');
  let pages = 0;
  let persons = 0;

  function answer({ jsons }: SentRequest): ReturnType<typeof busy> | 'silence' {
    const outcome = world.calm
      ? DELIVERED
      : random.pick([
          DELIVERED,
          DELIVERED,
          DELIVERED,
          busy(503, 5_000),
          busy(500),
          CUT_OFF,
          'silence',
          rejected(413),
        ] as const);
    if (outcome === 'silence') return outcome;
    if (outcome.kind !== 'delivered')
      return outcome.kind === 'rejected' ? { kind: 'too-large', status: 413 } : outcome;
    if (jsons.some(poison)) return rejected(400);
    for (const json of jsons) {
      const { messageId } = JSON.parse(json) as WireEvent;
      const before = world.taken.get(messageId);
      // A repeat is the same, to the letter.
      if (before !== undefined) expect(json).toBe(before);
      world.taken.set(messageId, json);
    }
    // The answer may get lost on its way.
    return !world.calm && random.chance(0.1) ? CUT_OFF : DELIVERED;
  }

  const world: World = {
    clock,
    random,
    expected: new Map(),
    safe: new Set(),
    dropped: new Set(),
    taken: new Map(),
    calm: false,
    busy: false,
    open() {
      pages += 1;
      const page = `page${pages}`;
      let alive = true;
      let calls = 0;
      let reads = 0;
      const whileAlive = <T>(work: Promise<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          work.then(
            (value) => void (alive && resolve(value)),
            (cause: unknown) => void (alive && reject(cause)),
          );
        });
      const faulty = faultyStore(disk);
      const own: Store = {
        ledger: () => whileAlive(faulty.store.ledger()),
        append: (...args) => whileAlive(faulty.store.append(...args)),
        oldest(...args) {
          reads += 1;
          // A sender that asks without end would never let the test fail.
          if (reads <= MOST_READS) return whileAlive(faulty.store.oldest(...args));
          world.busy = true;
          return new Promise(() => {});
        },
        settle: (...args) => whileAlive(faulty.store.settle(...args)),
        holds: (...args) => whileAlive(faulty.store.holds(...args)),
        wipe: () => whileAlive(faulty.store.wipe()),
      };
      const lifecycle = fakeLifecycle();
      const accounts = createAccounts();
      const transport = fakeTransport(clock);
      transport.respond((request) => (alive ? answer(request) : 'silence'));
      const drop = (id: string): void => void world.dropped.add(id);
      const visitor = createVisitor({
        cookies: createCookies({ jar, pageUrl: PAGE_URL, options: {} }),
        local,
        newId: () => `person${(persons += 1)}`,
        userOptions: {},
        groupOptions: {},
        tell: () => undefined,
      });
      const outbox: Outbox = createOutbox({
        clock,
        storage: 'indexeddb',
        openDurable: () => own,
        openMemory: (ledger) => createStore(memoryTransactions(ledger), limits),
        onStored: () => sender.wake(),
        onEvicted(evicted) {
          for (const { id } of evicted) drop(id);
          sender.settled(evicted.map(({ id }) => id));
        },
        onFallback: () => undefined,
      });
      void outbox.opened.then(accounts.open);
      const lifeboat = createLifeboat(local, 'site', page);
      const sender: Sender = createSender({
        clock,
        lifecycle,
        transport,
        batch: { maxEvents: 1 + random.below(40), maxBytes: 400 + random.below(20_000) },
        flushIntervalMs: 1_000,
        random: random.next,
        leads: () => alive,
        hasHeir: () => false,
        outbox,
        answered: { get: () => true, set: () => undefined },
        tell(name, payload) {
          if (name === 'dropped' && 'id' in payload) drop(payload.id);
        },
        onUnauthorized: () => undefined,
      });
      const wrapped = createWrapped({
        clock,
        library: { name: 'test', version: '1' },
        user: visitor.user,
        group: visitor.group,
        integrations: {},
        newCall: () => ({ id: 'none', snapshot: { at: 0, page: pageFacts() } }),
        accept(id, draft) {
          const captured = capture(id, clock.now(), draft, undefined);
          if (captured.kind === 'dropped') {
            accounts.drop(id, captured.reason);
            drop(id);
            return;
          }
          sender.captured(captured.event);
          const stored = outbox.add(captured.event);
          accounts.handOver(id);
          void stored.then((where) => void (where === 'indexeddb' && world.safe.add(id)));
        },
        refuse: drop,
        report: () => undefined,
        tell: () => undefined,
      });
      const save = async (events: readonly OutboxEvent[]): Promise<void> => {
        await outbox.adopt(events);
        await sender.flush();
        if (outbox.storage() === 'memory' && outbox.ledger().bytes) throw new Error('not safe yet');
      };
      void lifeboat
        .rescue(save)
        .catch(() => undefined)
        .then(() => sender.flush());
      return {
        visitor,
        outbox,
        sender,
        lifecycle,
        accounts,
        disk: faulty,
        lifeboat,
        track(name, properties) {
          const id = `${page}-${(calls += 1)}`;
          const path = `/${name}`;
          accounts.begin(id);
          world.expected.set(id, {
            event: name,
            userId: visitor.user.id() ?? null,
            anonymousId: String(visitor.user.anonymousId()),
            timestamp: new Date(clock.now()).toISOString(),
            path,
            properties: JSON.parse(JSON.stringify(properties)) as unknown,
          });
          wrapped.run({
            id,
            method: 'track',
            args: [name, plain(properties)],
            snapshot: { at: clock.now(), page: pageFacts(path) },
          });
        },
        die() {
          sender.stop();
          alive = false;
        },
      };
    },
  };
  return world;
}

function expectBalance({ accounts, outbox }: Page, seed: number): void {
  const { tracked, delivered, pending, dropped } = accounts.stats(outbox.ledger());
  const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  expect(delivered + pending + gone, `seed ${seed}`).toBe(tracked);
  expect(Math.min(tracked, delivered, pending, gone), `seed ${seed}`).toBeGreaterThanOrEqual(0);
}

async function step(world: World, page: Page, count: number): Promise<Page> {
  const { random, clock } = world;
  const { visitor, sender, outbox, lifecycle, disk, lifeboat } = page;
  const roll = random.below(100);
  if (roll < 40) {
    for (let i = random.below(6); i >= 0; i--) {
      const properties = {
        n: count,
        text: 'ü'.repeat(random.below(random.chance(0.02) ? 20_000 : 60)),
        list: [i],
      };
      page.track(random.chance(0.02) ? 'poison' : `event${count}`, properties);
      properties.list.push(99); // what changes later changes no event
    }
  } else if (roll < 50) visitor.user.identify(random.pick(['a', 'b', 'c'] as const), { plan: count });
  else if (roll < 54) visitor.user.reset();
  else if (roll < 58) lifecycle.happen(random.pick(['online', 'show'] as const));
  else if (roll < 62) lifecycle.setOnline(random.chance(0.7));
  else if (roll < 66) sender.leaving(outbox.unsaved());
  else if (roll < 70) void sender.flush();
  else if (roll < 73) disk.fail(random.pick(['throws', 'hangs', 'done, but throws'] as const));
  else if (roll < 78) disk.fail(undefined);
  else if (roll < 92) await clock.advance(random.below(30_000));
  else if (roll < 94) clock.set(clock.now() + random.below(120_000) - 60_000);
  else if (roll < 97) {
    // It leaves as pages leave: what is not written goes into the lifeboat.
    const unsaved = outbox.unsaved();
    sender.leaving(unsaved);
    const saved = lifeboat.save(unsaved);
    for (const { id } of unsaved.slice(0, saved)) world.safe.add(id);
    page.die();
    return world.open();
  } else if (roll < 99) {
    page.die();
    return world.open();
  } else await settled();
  return page;
}

describe('whatever happens', () => {
  test('the counts add up after every step, events arrive as they were at their call, and nothing that was promised is missing', async () => {
    let steps = 0;
    for (let seed = 1; seed <= 120; seed++) {
      const world = createWorld(seed);
      let page = world.open();
      for (let i = 0; i < 80; i++) {
        page = await step(world, page, i);
        expectBalance(page, seed);
        if (world.random.chance(0.3)) {
          await settled();
          expectBalance(page, seed);
        }
        steps += 1;
      }
      page.disk.fail(undefined);
      await settled();
      const unsaved = page.outbox.unsaved();
      const saved = page.lifeboat.save(unsaved);
      for (const { id } of unsaved.slice(0, saved)) world.safe.add(id);
      page.die();

      // In the end everything works.
      world.calm = true;
      page = world.open();
      await settled();
      await page.sender.flush();
      await world.clock.advance(3_600_000);
      expectBalance(page, seed);
      expect(page.outbox.ledger().pending, `seed ${seed}`).toBe(0);

      expect(world.busy, `seed ${seed}`).toBe(false);
      for (const id of world.safe)
        expect(world.taken.has(id) || world.dropped.has(id), `seed ${seed}: ${id} is lost`).toBe(true);
      for (const [id, json] of world.taken) {
        const {
          event,
          userId = null,
          anonymousId,
          timestamp,
          context,
          properties,
        } = JSON.parse(json) as WireEvent;
        const { path } = context['page'] as { path: string };
        expect({ event, userId, anonymousId, timestamp, path, properties }, `seed ${seed}: ${id}`).toEqual(
          world.expected.get(id),
        );
      }
    }
    expect(steps).toBe(9_600);
  }, 60_000);
});
