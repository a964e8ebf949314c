import type { Grant, TokenEvent, TokenCache } from '../auth/contract.ts';
import type { Clock } from '../browser.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Outcome } from '../sender/outcome.ts';
import type { CredentialHeaders, SendOptions, Transport } from '../sender/transport.ts';
import { BATCH_PATH } from '../../protocol/wire.ts';

/** What the sender takes events from, and gives them to. */
export interface DeliveryParts {
  readonly outbox: Pick<Outbox, 'ledger' | 'oldest' | 'settle'>;
  readonly transport: Transport;
}

/** Tells the sender that more events may go than before; or, in a hurry, that what may go now may not a moment later. */
export type WakeSender = (hurry?: boolean) => void;

export interface AuthorizedDeliveryNeeds {
  readonly way: DeliveryParts;
  readonly nudge: WakeSender;
  readonly clock: Clock;
  readonly token: Pick<TokenCache, 'accepted' | 'acquire' | 'rejected' | 'rejectedAgain' | 'status'>;
  /** Visible and online. */
  isAwake(): boolean;
  /** Whose token there can be: `null` where nobody is identified. */
  userId(): string | null;
  credentials(token: string): CredentialHeaders;
}

/**
 * Lets an event of an identified person pass with that person's token only, and what is of nobody with the client key. One
 * person a batch. What is of somebody else stays in the outbox until they are back, or it expires, and holds nothing up.
 */
export interface AuthorizedDelivery
  extends Pick<Outbox, 'ledger' | 'oldest'>, Pick<Transport, 'send' | 'takes'> {
  /** The token, for good or bad. */
  told(event: TokenEvent): void;
  /** There is somebody else. */
  changed(): void;
  /** Before there is somebody else: the last chance of what is on this page. */
  leaving(): void;
  close(): void;
}

/** How long events wait that the proxy does not take with a token which it knows to be good. */
const FORBIDDEN_MS = 300_000;
const EVERYTHING: BatchLimits = { maxEvents: Infinity, maxBytes: Infinity };

export function createAuthorizedDelivery(needs: AuthorizedDeliveryNeeds): AuthorizedDelivery {
  const { nudge, clock, token } = needs;
  const { outbox, transport } = needs.way;
  let grant: Grant | undefined;
  let forbiddenUntilMs = 0;
  let timer: (() => void) | undefined;
  // All that there was by then has to wait.
  let heldOf: number | undefined;

  const isMine = (owner: string | undefined, userId: string | null): boolean =>
    owner === undefined || owner === userId;

  function changed(): void {
    heldOf = undefined;
    forbiddenUntilMs = 0;
    nudge();
  }

  function wakeAt(atMs: number): void {
    timer?.();
    timer = clock.after(Math.max(0, atMs - clock.now()) + 1, () => {
      timer = undefined;
      // A page that is seen or online again looks for itself.
      if (needs.isAwake()) changed();
    });
  }

  /** Whether this person's events may go now. */
  async function mayPass(userId: string): Promise<boolean> {
    if (clock.now() < forbiddenUntilMs) return false;
    try {
      grant = await token.acquire();
      return grant.userId === userId;
    } catch {
      // Without such a time, nothing but another token can help, and that is told.
      const { retryAtMs } = token.status();
      if (retryAtMs !== undefined) wakeAt(retryAtMs);
      return false;
    }
  }

  /** The first that may go together. */
  async function choose(
    events: readonly WaitingEvent[],
    limits: BatchLimits,
  ): Promise<readonly WaitingEvent[]> {
    const userId = needs.userId();
    const owners = new Map(events.map((event) => [event, ownerOf(event.json)]));
    const first = events.find((event) => isMine(owners.get(event), userId));
    if (!first) return [];
    const owner = owners.get(first);
    if (owner === undefined || (await mayPass(owner))) return together(events, first, limits, owners);
    const nobodys = events.find((event) => owners.get(event) === undefined);
    return nobodys ? together(events, nobodys, limits, owners) : [];
  }

  async function post(jsons: readonly string[], manner: SendOptions, mine: Grant): Promise<Outcome> {
    const outcome = await transport.send(jsons, { ...manner, credentials: needs.credentials(mine.token) });
    if (outcome.kind === 'delivered') token.accepted(mine);
    if (outcome.kind !== 'rejected' || outcome.status !== 403) return outcome;
    // Whose events these are was never in doubt, so none of them is at fault.
    forbiddenUntilMs = clock.now() + FORBIDDEN_MS;
    wakeAt(forbiddenUntilMs);
    return { kind: 'aborted' };
  }

  async function sendOf(
    owner: string | undefined,
    jsons: readonly string[],
    manner: SendOptions,
  ): Promise<Outcome> {
    if (owner === undefined) return transport.send(jsons, manner);
    const before = grant;
    // It was chosen for somebody who has gone meanwhile.
    if (before?.userId !== owner) return { kind: 'aborted' };
    const outcome = await post(jsons, manner, before);
    if (!isAboutToken(outcome)) return outcome;
    try {
      const after = await token.rejected(before, BATCH_PATH);
      grant = after;
      const again = await post(jsons, manner, after);
      if (!isAboutToken(again)) return again;
      return token.rejectedAgain(after, BATCH_PATH);
    } catch {
      // Told as an event of the token; the next look at the outbox finds that there is none.
      return { kind: 'aborted' };
    }
  }

  return {
    ledger() {
      const known = outbox.ledger();
      return known.tracked === heldOf ? { ...known, pending: 0, bytes: 0 } : known;
    },
    async oldest(limits) {
      const { tracked } = outbox.ledger();
      for (const scope of [limits, EVERYTHING]) {
        const events = await outbox.oldest(scope);
        const chosen = await choose(events, limits);
        if (chosen.length) return chosen;
        if (!events.length) return events;
      }
      heldOf = tracked;
      return [];
    },
    async send(jsons, manner = {}) {
      const parts = new Map<string | undefined, string[]>();
      for (const json of jsons) {
        const owner = ownerOf(json);
        const part = parts.get(owner) ?? [];
        part.push(json);
        parts.set(owner, part);
      }
      // More than one only of a page that leaves: what may go is asked for by `takes`.
      // One answer of several must not speak for all.
      const { ack: _, ...unnamed } = manner;
      const each = parts.size > 1 ? unnamed : manner;
      const outcomes = await Promise.all([...parts].map(([owner, part]) => sendOf(owner, part, each)));
      const [first = await transport.send(jsons, manner)] = outcomes;
      const failed = outcomes.find(({ kind }) => kind !== 'delivered');
      if (failed) return failed;
      const refused = outcomes.flatMap((each) => (each.kind === 'delivered' ? (each.refused ?? []) : []));
      return refused.length ? { kind: 'delivered', refused } : first;
    },
    takes(json) {
      const owner = ownerOf(json);
      const { state } = token.status();
      return owner === undefined || (owner === grant?.userId && (state === 'usable' || state === 'due'));
    },
    told({ type, retryAtMs }) {
      if (type === 'refreshed') changed();
      else if (retryAtMs !== undefined && heldOf !== undefined) wakeAt(retryAtMs);
    },
    changed,
    leaving() {
      nudge(true);
      grant = undefined;
    },
    close: () => timer?.(),
  };
}

/** A bare 401 to a token is about the token; what our proxy says of its client key or origin is not. */
const isAboutToken = (outcome: Outcome): boolean =>
  outcome.kind === 'unauthorized' && outcome.status === 401 && !outcome.body.includes('"invalid_client_key"');

/** Whose event it is; undefined: of nobody who is known. */
function ownerOf(json: string): string | undefined {
  const { userId } = JSON.parse(json) as { readonly userId?: string };
  return userId;
}

/** From the first one on, as many of one person as fit into a batch. Where there are too many, the first goes alone. */
function together(
  events: readonly WaitingEvent[],
  first: WaitingEvent,
  limits: BatchLimits,
  owners: ReadonlyMap<OutboxEvent, string | undefined>,
): readonly WaitingEvent[] {
  let { maxBytes } = limits;
  const rest = events.slice(events.indexOf(first));
  const end = rest.findIndex((event, i) => {
    maxBytes -= event.bytes + 1; // its comma
    return i > 0 && (i >= limits.maxEvents || maxBytes < 0 || owners.get(event) !== owners.get(first));
  });
  return end < 0 ? rest : rest.slice(0, end);
}
