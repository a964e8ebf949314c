import type { TokenIdentity } from '../../../../src/sdk/auth/contract.ts';
import type { Ledger, OutboxEvent } from '../../../../src/sdk/outbox/contract.ts';
import { createMemoryOutboxStore } from '../../../../src/sdk/outbox/memory-store.ts';
import {
  createAuthorizedDelivery,
  type AuthorizedDelivery,
  type DeliveryParts,
} from '../../../../src/sdk/private/authorized-delivery.ts';
import type { Sender } from '../../../../src/sdk/sender/contract.ts';
import { createDiagnosis } from '../../../../src/sdk/sender/diagnosis.ts';
import { createSender } from '../../../../src/sdk/sender/sender.ts';
import { settled, START_MS } from '../../../fakes/clock.ts';
import { fakeLifecycle } from '../../../fakes/lifecycle.ts';
import { type FakeTransport, fakeTransport } from '../../../fakes/transport.ts';
import { HOUR, NOBODY, type PageSetup, type TokenPage, tokenPage } from '../auth/token-page.ts';

/** A page that sends events with the customer token. Sender, store, token cache and delivery are real. */
export interface AuthorizedPage {
  readonly token: TokenPage;
  readonly sender: Sender;
  /** Closes the SDK. */
  stop(): void;
  readonly transport: FakeTransport;
  readonly delivery: AuthorizedDelivery;
  /** Stores events of `userId`, or of an unidentified visitor. The prefix `e` makes the ids `e1`, `e2` … */
  track(prefix: string, count: number, userId?: string): Promise<void>;
  /** Changes the identity in the same order as the core does. */
  become(identity: TokenIdentity): Promise<void>;
  ledger(): Ledger;
  /** The requests that were sent, each as `user id of the token: event ids`. */
  sent(): readonly string[];
  /** The number of batches that were requested from the outbox. */
  reads(): number;
  unauthorized(): number;
  setHeir(heir: boolean): void;
  advance(ms: number): Promise<void>;
}

const ENDPOINT = { url: 'https://events.example.com/v1/batch', secret: 'client-key' };
const EMPTY: Ledger = { tracked: 0, delivered: 0, pending: 0, bytes: 0, dropped: {} };
const LIMITS = { maxEvents: 10_000, maxBytes: 10 * 1024 * 1024 };
const MOST_READS = 5_000;

export function ownEvent(id: string, userId?: string): OutboxEvent {
  const json = JSON.stringify({
    type: 'track',
    messageId: id,
    anonymousId: 'a1',
    ...(userId === undefined ? {} : { userId }),
  });
  return { id, at: START_MS, json, bytes: json.length };
}

export function authorizedPage(
  setup: PageSetup & { readonly maxBatchEvents?: number; readonly maxAgeMs?: number } = {},
): AuthorizedPage {
  const token = tokenPage({ identity: NOBODY, ...setup });
  const { clock, tokenCache } = token;
  const store = createMemoryOutboxStore(EMPTY, { ...LIMITS, maxAgeMs: setup.maxAgeMs ?? 7 * 24 * HOUR });
  const transport = fakeTransport(clock);
  let identity: TokenIdentity = setup.identity ?? NOBODY;
  let ledger = EMPTY;
  let reads = 0;
  let unauthorized = 0;
  let heir = false;

  const outbox: DeliveryParts['outbox'] = {
    ledger: () => ledger,
    async oldest(limits) {
      reads += 1;
      if (reads > MOST_READS) return new Promise(() => {});
      const answer = await store.oldest(limits, clock.now());
      ({ ledger } = answer);
      return answer.events;
    },
    async settle(events, as) {
      ledger = await store.settle(events, as);
    },
  };
  const delivery = createAuthorizedDelivery({
    parts: { outbox, transport },
    wakeSender: (hurry) => (hurry ? sender.leaving([], true) : sender.wake()),
    clock,
    token: tokenCache,
    isAwake: () => true,
    userId: () => identity.userId,
    credentials: (jwt) => ({ Authorization: `Bearer ${jwt}` }),
  });
  token.onTell(delivery.onTokenEvent);
  const { ledger: seen, oldest, send, takes } = delivery;
  const closing = new AbortController();
  const sender = createSender({
    clock,
    ending: closing.signal,
    lifecycle: fakeLifecycle(),
    outbox: { ...outbox, ledger: seen, oldest },
    transport: { ...transport, send, takes },
    batch: { maxEvents: setup.maxBatchEvents ?? 100, maxBytes: 475_000 },
    flushIntervalMs: 1_000,
    gatherMs: 0,
    acknowledgements: undefined,
    diagnosis: async (diagnosisNeeds, actions) => createDiagnosis(diagnosisNeeds, actions, ENDPOINT),
    fail: () => undefined,
    random: () => 1,
    leads: () => true,
    hasHeir: () => heir,
    proxyMemory: { get: () => true, set: () => undefined, quietMs: () => 0, setQuiet: () => undefined },
    tell: () => undefined,
    onUnauthorized: () => void (unauthorized += 1),
  });

  return {
    token,
    sender,
    stop: () => closing.abort(),
    transport,
    delivery,
    async track(prefix, count, userId) {
      const events = Array.from({ length: count }, (_, i) => ownEvent(`${prefix}${i + 1}`, userId));
      for (const event of events) sender.captured(event);
      ({ ledger } = await store.append(events, clock.now()));
      sender.wake();
      await settled();
    },
    async become(next) {
      delivery.beforeIdentityChange();
      identity = next;
      tokenCache.identity(next);
      delivery.afterIdentityChange();
      await settled();
    },
    ledger: () => ledger,
    sent: () =>
      transport.sent.map(({ ids, credentials }) => {
        const [, who = 'nobody'] = /opaque-(\w+)-/.exec(credentials?.['Authorization'] ?? '') ?? [];
        return `${who}: ${ids.join()}`;
      }),
    reads: () => reads,
    unauthorized: () => unauthorized,
    setHeir: (is) => void (heir = is),
    async advance(ms) {
      await clock.advance(ms);
      await settled();
    },
  };
}
