import type { RejectedEvent } from '../../protocol/wire.ts';
import type { Refusal } from '../http/response.ts';
import { pause } from '../lib/timeouts.ts';
import type { DeduplicateStore } from './store-contract.ts';
import { lazy } from '../lib/lazy.ts';
import { type Claim, createLocalClaims, type Origin } from './local-claims.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { AcceptedEvent } from '../batch/contract.ts';
import type { Accept, DeliveryResult, PassOn } from './passage.ts';
import type { SharedClaims } from './shared-claims.ts';
import { comeAgain, createWaitingRoom } from './waiting-room.ts';

/** How the proxy recognises events that were accepted before, and does not send them again. */
export interface DeduplicateOptions {
  /**
   * The maximum memory for the keys of recently accepted events, in bytes: 32 to 64 bytes for each event of any size.
   * The proxy starts with 8 KB and allocates more when it needs more. When the memory is full, the proxy deletes the
   * oldest keys.
   *
   * @default 16_777_216 (16 MiB)
   */
  maxBytes?: number | undefined;

  /** How long the proxy recognises an accepted event, in milliseconds. @default 600_000 */
  windowMs?: number | undefined;

  /**
   * A store that all replicas of the proxy share, such as `redisStore` or `natsStore`. Every batch then waits for two
   * calls of the store.
   *
   * @default none: each replica recognises only the events that it has sent itself
   */
  store?: DeduplicateStore | undefined;
}

export interface DeduplicateNeeds extends DeduplicateOptions {
  /** The most time for the delivery of a batch, in milliseconds. */
  readonly timeoutMs: number;
}

/** The events of a batch that passed every check, and the body with which they arrived. */
export interface Batch extends Origin {
  readonly acceptedEvents: readonly AcceptedEvent[];
  /** When the time for the delivery ends, by `performance.now()`. */
  readonly endsAt: number;
}

/**
 * Passes on the events of a batch that were not accepted before. Waits for other batches that are sending some of the
 * same events now.
 */
export type PassOnce = (batch: Batch, passOn: PassOn, note: LogNote) => Promise<DeliveryResult>;

const DEFAULTS = { maxBytes: 16 * 1024 * 1024, windowMs: 600_000 } as const;
/**
 * How often a batch waits for others that are sending the same events. If all of these have failed, the browser sends
 * the batch again later. Otherwise each of many browsers with the same events would send them to an upstream that is
 * down.
 */
const MOST_WAITS = 4;
/**
 * A batch that has waited is not sent when less than this part of its time is left: the time limit would probably cut
 * it off.
 */
const LEAST_LEFT = 1 / 4;
/** The intervals at which the claim of another replica is checked again. */
const [FIRST_LOOK_MS, LOOK_STEP_MS, LAST_LOOK_MS] = [100, 50, 250];

export function createDeduplicate(needs: DeduplicateNeeds): PassOnce {
  const { maxBytes = DEFAULTS.maxBytes, windowMs = DEFAULTS.windowMs, store, timeoutMs } = needs;
  const local = createLocalClaims({ maxBytes, windowMs, timeoutMs });
  const shared =
    store && lazy(async () => (await import('./shared-claims.ts')).createSharedClaims(store, timeoutMs));
  const wait = createWaitingRoom();

  /** Passes on the events that no other replica of the proxy is sending now, or has sent. */
  async function passOnShared(
    store: SharedClaims,
    batch: Batch,
    { fresh, accept }: Claim,
    passOn: PassOn,
    note: LogNote,
  ): Promise<Round> {
    const claim = await store.claim(batch, fresh, note);
    try {
      const { done, pending } = claim;
      accept(done);
      const found = { pending, duplicates: done.length };
      if (claim.fresh.length === 0) return { ...NOTHING, ...found };
      const acceptBoth: Accept = (acceptedEvents) => {
        accept(acceptedEvents);
        claim.accept(acceptedEvents);
      };
      return { ...found, passage: await passOn(claim.fresh, acceptBoth) };
    } finally {
      await claim.end();
    }
  }

  /**
   * Passes on the events that no other batch is sending now, or has sent. One round of it, after which some events may
   * have to wait.
   */
  async function passOnUnclaimed(batch: Batch, claim: Claim, passOn: PassOn, note: LogNote): Promise<Round> {
    try {
      if (claim.fresh.length === 0) return NOTHING;
      if (shared) return await passOnShared(await shared(), batch, claim, passOn, note);
      return { ...NOTHING, passage: await passOn(claim.fresh, claim.accept) };
    } finally {
      claim.end();
    }
  }

  const isShort = ({ endsAt }: Batch): boolean => endsAt - performance.now() < timeoutMs * LEAST_LEFT;

  return async (batch, passOn, note) => {
    // With a batch without events, a client tests whether the proxy can be reached: there are no events to deduplicate.
    if (batch.acceptedEvents.length === 0) return passOn(batch.acceptedEvents, () => {});
    const rejected: RejectedEvent[] = [];
    let rest = batch.acceptedEvents;
    let [waits, lookMs] = [0, FIRST_LOOK_MS];
    for (;;) {
      const claim = local.claim(batch, rest);
      // The usual case: no event of the batch is known.
      if (!shared && claim.fresh === batch.acceptedEvents) {
        try {
          return await passOn(claim.fresh, claim.accept);
        } finally {
          claim.end();
        }
      }
      if (rest !== batch.acceptedEvents && claim.fresh.length > 0 && isShort(batch)) {
        claim.end();
        return { rejected, refusal: comeAgain('Other requests with the same events have taken too long.') };
      }
      const {
        passage,
        pending,
        duplicates: sharedDuplicates,
      } = await passOnUnclaimed(batch, claim, passOn, note);
      const duplicates = claim.duplicates + sharedDuplicates;
      if (duplicates > 0) note.duplicates = (note.duplicates ?? 0) + duplicates;
      rejected.push(...passage.rejected);
      if (passage.refusal || claim.waiting.length + pending.length === 0) return { ...passage, rejected };
      const sentByOthers = new Set(claim.waiting.concat(pending));
      rest = rest.filter((acceptedEvent) => sentByOthers.has(acceptedEvent));

      let refusal: Refusal | undefined;
      if (pending.length > 0) {
        const ms = lookMs;
        refusal = await wait(batch.endsAt, (signal) => pause(ms, signal));
        lookMs = Math.min(lookMs + LOOK_STEP_MS, LAST_LOOK_MS);
      } else {
        waits += 1;
        refusal =
          waits > MOST_WAITS
            ? comeAgain('Other requests with the same events have failed.')
            : await wait(batch.endsAt, claim.othersEnd);
      }
      if (refusal) return { rejected, refusal };
    }
  };
}

/** The result of one round. */
interface Round {
  readonly passage: DeliveryResult;
  /** Events that another replica is sending now. */
  readonly pending: readonly AcceptedEvent[];
  /** How many events another replica has sent already. */
  readonly duplicates: number;
}

const NOTHING: Round = { passage: { rejected: [] }, pending: [], duplicates: 0 };
