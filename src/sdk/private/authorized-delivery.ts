import type { Grant, TokenEvent, TokenCache } from '../auth/contract.ts';
import type { Clock } from '../browser.ts';
import type { BatchLimits, OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Outcome } from '../sender/outcome.ts';
import type { CredentialHeaders, SendOptions, Transport } from '../sender/transport.ts';
import { BATCH_PATH, type TokenRejection } from '../../protocol/wire.ts';

/** The two parts that the sender works with: it takes events from the outbox, and sends them with the transport. */
export interface DeliveryParts {
  readonly outbox: Pick<Outbox, 'ledger' | 'oldest' | 'settle'>;
  readonly transport: Transport;
}

/**
 * Tells the sender that events may be sent which had to wait before. With `hurry`, the sender sends at once, because a moment
 * later these events may not be sent any more.
 */
export type WakeSender = (hurry?: boolean) => void;

export interface AuthorizedDeliveryNeeds {
  readonly parts: DeliveryParts;
  readonly wakeSender: WakeSender;
  readonly clock: Clock;
  readonly token: Pick<TokenCache, 'accepted' | 'acquire' | 'rejected' | 'rejectedAgain' | 'status'>;
  /** Whether the page is visible and online. */
  isAwake(): boolean;
  /** The identified person; `null` when the visitor is not identified. */
  userId(): string | null;
  /** The headers that authorize a request with this token. */
  credentials(token: string): CredentialHeaders;
}

/**
 * An outbox and a transport that send the events of an identified person only with that person's token, and the events of an
 * unidentified visitor with the client key. A batch has events of one person. Events of another person stay in the outbox
 * until that person is identified again or the events expire, and do not delay the events after them.
 */
export interface AuthorizedDelivery
  extends Pick<Outbox, 'ledger' | 'oldest'>, Pick<Transport, 'send' | 'takes'> {
  /** To be called with each event of the token cache: with a new token, waiting events can be sent. */
  onTokenEvent(event: TokenEvent): void;
  /** To be called before the identity changes: the last moment in which the person's events can be sent from this page. */
  beforeIdentityChange(): void;
  /** To be called after the identity has changed. */
  afterIdentityChange(): void;
  close(): void;
}

/** Milliseconds for which a person's events wait after the proxy has responded 403 to their valid token. */
const FORBIDDEN_MS = 300_000;
const NO_LIMITS: BatchLimits = { maxEvents: Infinity, maxBytes: Infinity };

export function createAuthorizedDelivery(needs: AuthorizedDeliveryNeeds): AuthorizedDelivery {
  const { wakeSender, clock, token } = needs;
  const { outbox, transport } = needs.parts;
  let lastGrant: Grant | undefined;
  let forbiddenUntilMs = 0;
  let stopTimer: (() => void) | undefined;
  // `ledger.tracked` at the last search that found no event which may be sent. Until an event is added, all of them have to wait.
  let heldBackAt: number | undefined;

  const isSendable = (owner: string | undefined, userId: string | null): boolean =>
    owner === undefined || owner === userId;

  /** Makes the sender search the outbox again: after a change of the identity or of the token. */
  function searchAgain(): void {
    heldBackAt = undefined;
    forbiddenUntilMs = 0;
    wakeSender();
  }

  function searchAgainAt(atMs: number): void {
    stopTimer?.();
    stopTimer = clock.after(Math.max(0, atMs - clock.now()) + 1, () => {
      stopTimer = undefined;
      // A page that becomes visible or online searches the outbox anyway.
      if (needs.isAwake()) searchAgain();
    });
  }

  /** Whether this person's events may be sent now. Acquires the token for them. */
  async function hasToken(userId: string): Promise<boolean> {
    if (clock.now() < forbiddenUntilMs) return false;
    try {
      lastGrant = await token.acquire();
      return lastGrant.userId === userId;
    } catch {
      // Without `retryAtMs`, only a new token can help, and `onTokenEvent` reports that one.
      const { retryAtMs } = token.status();
      if (retryAtMs !== undefined) searchAgainAt(retryAtMs);
      return false;
    }
  }

  /** The first of these events that may be sent together. */
  async function choose(
    events: readonly WaitingEvent[],
    limits: BatchLimits,
  ): Promise<readonly WaitingEvent[]> {
    const userId = needs.userId();
    const owners = new Map(events.map((event) => [event, ownerOf(event.json)]));
    const first = events.find((event) => isSendable(owners.get(event), userId));
    if (!first) return [];
    const owner = owners.get(first);
    if (owner === undefined || (await hasToken(owner))) return batchFrom(events, first, limits, owners);
    const firstAnonymous = events.find((event) => owners.get(event) === undefined);
    return firstAnonymous ? batchFrom(events, firstAnonymous, limits, owners) : [];
  }

  async function sendWithGrant(
    jsons: readonly string[],
    options: SendOptions,
    grant: Grant,
  ): Promise<Outcome> {
    const outcome = await transport.send(jsons, { ...options, credentials: needs.credentials(grant.token) });
    if (outcome.kind === 'delivered') token.accepted(grant);
    if (outcome.kind !== 'rejected' || outcome.status !== 403) return outcome;
    // The 403 is about the token, not about one of the events: none of them may be dropped as faulty.
    forbiddenUntilMs = clock.now() + FORBIDDEN_MS;
    searchAgainAt(forbiddenUntilMs);
    return { kind: 'aborted' };
  }

  async function sendOf(
    owner: string | undefined,
    jsons: readonly string[],
    options: SendOptions,
  ): Promise<Outcome> {
    if (owner === undefined) return transport.send(jsons, options);
    const grant = lastGrant;
    // The person has changed since this batch was chosen.
    if (grant?.userId !== owner) return { kind: 'aborted' };
    const outcome = await sendWithGrant(jsons, options, grant);
    if (!isAboutToken(outcome)) return outcome;
    try {
      const nextGrant = await token.rejected(grant, BATCH_PATH, undefined, reasonIn(outcome));
      lastGrant = nextGrant;
      const nextOutcome = await sendWithGrant(jsons, options, nextGrant);
      if (!isAboutToken(nextOutcome)) return nextOutcome;
      return token.rejectedAgain(nextGrant, BATCH_PATH, reasonIn(nextOutcome));
    } catch {
      // The token cache has emitted an event about this error. The next search of the outbox finds that there is no token.
      return { kind: 'aborted' };
    }
  }

  return {
    ledger() {
      const ledger = outbox.ledger();
      return ledger.tracked === heldBackAt ? { ...ledger, pending: 0, bytes: 0 } : ledger;
    },
    async oldest(limits) {
      const { tracked } = outbox.ledger();
      for (const scope of [limits, NO_LIMITS]) {
        const events = await outbox.oldest(scope);
        const chosen = await choose(events, limits);
        if (chosen.length) return chosen;
        if (!events.length) return events;
      }
      heldBackAt = tracked;
      return [];
    },
    async send(jsons, options = {}) {
      const parts = new Map<string | undefined, string[]>();
      for (const json of jsons) {
        const owner = ownerOf(json);
        const part = parts.get(owner) ?? [];
        part.push(json);
        parts.set(owner, part);
      }
      // Only a page that is left sends events of several owners, which it has chosen by `takes`. These requests have no `ack`,
      // because the response to one of them must not confirm the events of the others.
      const { ack: _, ...withoutAck } = options;
      const partOptions = parts.size > 1 ? withoutAck : options;
      const outcomes = await Promise.all([...parts].map(([owner, part]) => sendOf(owner, part, partOptions)));
      const [first = await transport.send(jsons, options)] = outcomes;
      const failed = outcomes.find(({ kind }) => kind !== 'delivered');
      if (failed) return failed;
      const refused = outcomes.flatMap((each) => (each.kind === 'delivered' ? (each.refused ?? []) : []));
      return refused.length ? { kind: 'delivered', refused } : first;
    },
    takes(json) {
      const owner = ownerOf(json);
      const { state } = token.status();
      return owner === undefined || (owner === lastGrant?.userId && (state === 'usable' || state === 'due'));
    },
    onTokenEvent({ type, retryAtMs }) {
      if (type === 'refreshed') searchAgain();
      else if (retryAtMs !== undefined && heldBackAt !== undefined) searchAgainAt(retryAtMs);
    },
    beforeIdentityChange() {
      wakeSender(true);
      lastGrant = undefined;
    },
    afterIdentityChange: searchAgain,
    close: () => stopTimer?.(),
  };
}

/** A 401 is about the token, unless the body says that our proxy refuses the client key. A refused origin is a 403. */
const isAboutToken = (outcome: Outcome): boolean =>
  outcome.kind === 'unauthorized' && outcome.status === 401 && !outcome.body.includes('"invalid_client_key"');

/** Why the proxy has refused the token, as the body of its 401 says. */
const reasonIn = (outcome: Outcome): TokenRejection | undefined =>
  /"reason":"(\w{1,20})"/.exec('body' in outcome ? outcome.body : '')?.[1] as TokenRejection | undefined;

/** The user id of the event; undefined for an event of an unidentified visitor. */
function ownerOf(json: string): string | undefined {
  const { userId } = JSON.parse(json) as { readonly userId?: string };
  return userId;
}

/** The events from `first` on that have the same owner and fit into one batch. `first` is included even if it alone is too large. */
function batchFrom(
  events: readonly WaitingEvent[],
  first: WaitingEvent,
  limits: BatchLimits,
  owners: ReadonlyMap<OutboxEvent, string | undefined>,
): readonly WaitingEvent[] {
  let { maxBytes } = limits;
  const rest = events.slice(events.indexOf(first));
  const end = rest.findIndex((event, i) => {
    maxBytes -= event.bytes + 1; // the comma after the event
    return i > 0 && (i >= limits.maxEvents || maxBytes < 0 || owners.get(event) !== owners.get(first));
  });
  return end < 0 ? rest : rest.slice(0, end);
}
