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

/** How events that come again are recognised. */
export interface DeduplicateOptions {
  /**
   * Bytes of memory for the events that were accepted lately, 32 to 64 for each, whatever their size. It is taken as it is
   * needed, from 8 KB on; where it is not enough, the oldest are forgotten.
   *
   * @default 16_777_216 (16 MiB)
   */
  maxBytes?: number | undefined;

  /** For how long an event is remembered, from when it was accepted, in milliseconds. @default 600_000 */
  windowMs?: number | undefined;

  /**
   * What all copies of the proxy remember together. Every batch then waits for it twice.
   *
   * @default none: a copy knows what it has sent itself
   */
  store?: DeduplicateStore | undefined;
}

export interface DeduplicateNeeds extends DeduplicateOptions {
  /** The longest that a batch may be on its way, in milliseconds. */
  readonly timeoutMs: number;
}

/** The events of a batch that passed every check, and the body in which they came. */
export interface Batch extends Origin {
  readonly acceptedEvents: readonly AcceptedEvent[];
  /** When its time is over, by `performance.now()`. */
  readonly endsAt: number;
}

/** Passes a batch on, but for what was accepted before; waits for what others are sending now. */
export type PassOnce = (batch: Batch, passOn: PassOn, note: LogNote) => Promise<DeliveryResult>;

const DEFAULTS = { maxBytes: 16 * 1024 * 1024, windowMs: 600_000 } as const;
/** Who has waited for so many others that all failed comes back later: of a crowd that sends the same, each would try. */
const MOST_WAITS = 4;
/** Who has waited, and has less of its time left than this part, sends nothing: cut off, it would have been sent for nothing. */
const LEAST_LEFT = 1 / 4;
/** How often another copy's claim is looked at. */
const [FIRST_LOOK_MS, LOOK_STEP_MS, LAST_LOOK_MS] = [100, 50, 250];

export function createDeduplicate(needs: DeduplicateNeeds): PassOnce {
  const { maxBytes = DEFAULTS.maxBytes, windowMs = DEFAULTS.windowMs, store, timeoutMs } = needs;
  const local = createLocalClaims({ maxBytes, windowMs, timeoutMs });
  const shared =
    store && lazy(async () => (await import('./shared-claims.ts')).createSharedClaims(store, timeoutMs));
  const wait = createWaitingRoom();

  /** Passes on what no other copy is sending, nor has sent. */
  async function shareOut(
    store: SharedClaims,
    batch: Batch,
    { fresh, accept }: Claim,
    passOn: PassOn,
    note: LogNote,
  ): Promise<Turn> {
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

  /** Passes on what nobody else is sending, nor has sent. */
  async function turn(batch: Batch, claim: Claim, passOn: PassOn, note: LogNote): Promise<Turn> {
    try {
      if (claim.fresh.length === 0) return NOTHING;
      if (shared) return await shareOut(await shared(), batch, claim, passOn, note);
      return { ...NOTHING, passage: await passOn(claim.fresh, claim.accept) };
    } finally {
      claim.end();
    }
  }

  const isShort = ({ endsAt }: Batch): boolean => endsAt - performance.now() < timeoutMs * LEAST_LEFT;

  return async (batch, passOn, note) => {
    // One without events asks whether it would be taken.
    if (batch.acceptedEvents.length === 0) return passOn(batch.acceptedEvents, () => {});
    const rejected: RejectedEvent[] = [];
    let rest = batch.acceptedEvents;
    let [waits, lookMs] = [0, FIRST_LOOK_MS];
    for (;;) {
      const claim = local.claim(batch, rest);
      // The usual batch: nobody else has anything of it.
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
      const { passage, pending, duplicates: ofOthers } = await turn(batch, claim, passOn, note);
      const duplicates = claim.duplicates + ofOthers;
      if (duplicates > 0) note.duplicates = (note.duplicates ?? 0) + duplicates;
      rejected.push(...passage.rejected);
      if (passage.refusal || claim.waiting.length + pending.length === 0) return { ...passage, rejected };
      const others = new Set(claim.waiting.concat(pending));
      rest = rest.filter((acceptedEvent) => others.has(acceptedEvent));

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

interface Turn {
  readonly passage: DeliveryResult;
  /** Those that another copy is sending now. */
  readonly pending: readonly AcceptedEvent[];
  /** How many another copy has sent. */
  readonly duplicates: number;
}

const NOTHING: Turn = { passage: { rejected: [] }, pending: [], duplicates: 0 };
